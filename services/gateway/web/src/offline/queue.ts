import { computed, reactive, shallowRef } from "vue";
import { ask, mint } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { ScanBody, Verdict } from "@/api/models";
import { connection } from "@/state/connection";
import { session } from "@/state/session";
import { words } from "@/strings.zh";
import { all, forget, keep, type Entry, type Kind, type Result } from "./store";

const BATCH = 50;
const RETRY_MS = 5_000;
const DEVICE = "orderhub.device";

/**
 * What was scanned on this device: stored before anything is sent, sent in the order scanned, kept until a person clears
 * it. Every entry carries the id minted here, so sending it twice counts once.
 */
export const entries = shallowRef<Entry[]>([]); // shallow: a deep proxy can't be stored in IndexedDB
export const waiting = computed(() => entries.value.filter((entry) => entry.result === "waiting"));
export const state = reactive({ sending: false, broken: false });
let loaded: Promise<void> | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let last = 0;

export function deviceId(): string {
  const known = localStorage.getItem(DEVICE) ?? `web-${mint().slice(0, 8)}`;
  localStorage.setItem(DEVICE, known);
  return known;
}

/** Local time with its offset, as the device saw it. */
export function occurredAt(now = new Date()): string {
  const minutes = -now.getTimezoneOffset();
  const local = new Date(now.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  const two = (n: number): string => String(Math.floor(Math.abs(n))).padStart(2, "0");
  return `${local}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

export function load(): Promise<void> {
  loaded ??= all().then((kept) => { entries.value = kept; }).catch(() => { state.broken = true; });
  return loaded;
}

export async function add(kind: Kind, path: string, body: Record<string, unknown>, label: string): Promise<Entry> {
  await load();
  last = Math.max(last + 1, Date.now());
  const id = mint();
  const entry: Entry = { id, seq: last, kind, path, body: { ...body, [kind === "movement" ? "movement_id" : "scan_id"]: id }, label, at: occurredAt(), result: "waiting", message: "", reason: null, judgedAt: null };
  await keep(entry).catch(() => { state.broken = true; });
  entries.value = [...entries.value, entry];
  void drain();
  return entry;
}

export function report(scan: Omit<ScanBody, "scan_id" | "device_id" | "occurred_at">, label: string): Promise<Entry> {
  return add("scan", "/scans:batch", { ...scan, device_id: deviceId(), occurred_at: occurredAt() }, label);
}

async function judge(entry: Entry, result: Result, message: string, reason: string | null): Promise<void> {
  const judged: Entry = { ...entry, result, message, reason, judgedAt: occurredAt() };
  await keep(judged).catch(() => { state.broken = true; });
  entries.value = entries.value.map((one) => (one.id === entry.id ? judged : one));
}

/** A device speaks for itself only: what it scanned under an earlier enrolment waits for a person who signs in here. */
const isOfAnother = (entry: Entry): boolean => entry.kind === "scan" && !session.user && session.device !== null && entry.body.device_id !== session.device.device_id;
export const heldBack = computed(() => waiting.value.filter(isOfAnother));

function leading(): Entry[] {
  const [first, ...rest] = waiting.value.filter((entry) => !isOfAnother(entry));
  if (!first || first.kind !== "scan") return first ? [first] : [];
  const stop = rest.findIndex((entry) => entry.kind !== "scan");
  return [first, ...rest.slice(0, stop < 0 ? undefined : stop)].slice(0, BATCH);
}

/** Nothing is judged yet: the server is busy or away, or nobody it knows is asking; whoever signs in or enrols again sends it. */
const later = (status: number): boolean => status === 401 || status === 429 || status >= 500;

async function sendScans(batch: Entry[]): Promise<boolean> {
  const answer = await ask("POST", "/scans:batch", { body: { scans: batch.map((entry) => entry.body) }, patient: false });
  if (answer.ok) {
    const verdicts = new Map(((await answer.json()) as { items: Verdict[] }).items.map((verdict) => [verdict.scan_id, verdict]));
    for (const entry of batch) {
      const verdict = verdicts.get(entry.id);
      if (verdict) await judge(entry, verdict.result, verdict.message, verdict.reason);
    }
    return batch.every((entry) => verdicts.has(entry.id));
  }
  if (later(answer.status)) return false;
  const problem = await problemOf(answer);
  if (batch.length > 1) { for (const entry of batch) if (!(await sendScans([entry]))) return false; return true; }
  for (const entry of batch) await judge(entry, "rejected", problem.message, problem.reason);
  return true;
}

async function sendOne(entry: Entry): Promise<boolean> {
  const answer = await ask("POST", entry.path, { body: entry.body, key: entry.id, patient: false });
  if (answer.ok) { await judge(entry, answer.headers.get("Idempotent-Replayed") ? "duplicate" : "applied", words.warehouse.saved, null); return true; }
  if (later(answer.status)) return false;
  const problem = await problemOf(answer);
  await judge(entry, problem.status === 409 ? "conflict" : "rejected", problem.message, problem.reason);
  return true;
}

/** Sends what waits, in order; stops at the first thing the server could not take and tries again later. */
export async function drain(): Promise<void> {
  await load();
  if (state.sending || !connection.online) { schedule(); return; }
  state.sending = true;
  try {
    for (let batch = leading(); batch.length; batch = leading()) {
      const [first] = batch;
      const went = first?.kind === "scan" ? await sendScans(batch) : first ? await sendOne(first) : false;
      if (!went) break;
    }
  } catch { /* the network went; the entries wait */ } finally { state.sending = false; schedule(); }
}

function schedule(): void {
  clearTimeout(timer);
  if (waiting.value.length) timer = setTimeout(() => void drain(), RETRY_MS);
}

/** What a supervisor may let through with a reason. */
export const overridable = (entry: Entry): boolean => ["OVER_RECEIPT", "OVER_ISSUE", "NOT_ON_PICK_LIST"].includes(entry.reason ?? "");

/** Sends a refused entry again under an id of its own, with a supervisor's reason; the refused one goes. */
export async function override(entry: Entry, reason: string): Promise<Entry> {
  const again = await add(entry.kind, entry.path, { ...entry.body, override_reason: reason }, entry.label);
  await forget([entry.id]);
  entries.value = entries.value.filter((one) => one.id !== entry.id);
  return again;
}

/** Takes every verdict off the list and returns them; what waits stays. */
export async function clearDone(): Promise<Entry[]> {
  const done = entries.value.filter((entry) => entry.result !== "waiting");
  await forget(done.map((entry) => entry.id));
  entries.value = entries.value.filter((entry) => entry.result === "waiting");
  return done;
}

export async function restore(gone: Entry[]): Promise<void> {
  for (const entry of gone) await keep(entry);
  entries.value = [...gone, ...entries.value].sort((a, b) => a.seq - b.seq);
}

if (typeof window !== "undefined") addEventListener("online", () => { connection.online = true; void drain(); });
