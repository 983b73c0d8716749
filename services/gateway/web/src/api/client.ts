import { attempts } from "@/state/connection";
import { session } from "@/state/session";
import { problemOf } from "./problem";

export const BASE = "/api/v1";
const DEADLINE_MS = 15_000;
const PATIENCE_MS = 45_000;
const PAUSES_MS = [500, 1_000, 2_000, 4_000];
type Query = Record<string, string | number | boolean | null | undefined>;

export interface Options { query?: Query; body?: unknown; key?: string; match?: string; open?: boolean; patient?: boolean; form?: FormData }

/** Ids minted here, also on plain http where crypto.randomUUID is missing. */
export function mint(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export function address(path: string, query: Query = {}): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== null && value !== "") asked.set(name, String(value));
  const text = asked.toString();
  return text ? `${BASE}${path}?${text}` : `${BASE}${path}`;
}

function prepared(method: string, options: Options): RequestInit {
  const headers: Record<string, string> = { Accept: "application/json", ...(options.open ? {} : session.bearer()) };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.key) headers["Idempotency-Key"] = options.key;
  if (options.match) headers["If-Match"] = options.match;
  if (method !== "GET") Object.assign(headers, session.csrf());
  const body = options.form ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  return { method, headers, body, credentials: "same-origin", signal: AbortSignal.timeout(DEADLINE_MS) };
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/**
 * Asks the server, and keeps asking while it is away: a command carries its idempotency key, so repeating it is safe.
 * An ended sign-in is renewed in place; the form a person is in stays as it is.
 */
export async function ask(method: string, path: string, options: Options = {}): Promise<Response> {
  const tries = attempts();
  try { return await answered(tries, method, path, options); } finally { tries.over(); }
}

async function answered(tries: ReturnType<typeof attempts>, method: string, path: string, options: Options): Promise<Response> {
  const repeatable = options.patient !== false && (method === "GET" || Boolean(options.key));
  const until = Date.now() + (repeatable ? PATIENCE_MS : 0);
  for (let attempt = 0; ; attempt += 1) {
    if (!options.open) await session.ensureFresh();
    const answer = await fetch(address(path, options.query), prepared(method, options)).catch(() => null);
    if (answer && answer.status !== 503) {
      tries.over();
      if (answer.status === 401 && !session.user && !options.open) { session.dropDevice(); return answer; }
      if (answer.status === 401 && !options.open) { await session.signInAgain(); continue; }
      return answer;
    }
    tries.lost();
    if (Date.now() >= until) { if (answer) return answer; throw new TypeError("unreachable"); }
    await pause(PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] ?? 4_000);
  }
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const answer = await ask(method, path, options);
  if (!answer.ok) throw await problemOf(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export const get = <T>(path: string, query?: Query): Promise<T> => call<T>("GET", path, { query });
export const post = <T>(path: string, body: unknown, key: string): Promise<T> => call<T>("POST", path, { body, key });
export const put = <T>(path: string, body: unknown): Promise<T> => call<T>("PUT", path, { body, key: mint() });
