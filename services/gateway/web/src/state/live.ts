import { onScopeDispose, reactive } from "vue";
import { BASE } from "@/api/client";
import { session } from "./session";

export interface Change { type: string; subject: string; order_number?: string; production_order_number?: string }
type Listener = (change: Change) => void;

const PAUSES_MS = [1_000, 2_000, 5_000, 10_000];
const SETTLE_MS = 250;
const ANYTHING: Change = { type: "reconnected", subject: "" };

/** The live stream of this tab: one connection, shared by every page that listens. */
export const live = reactive({ connected: false });
const listeners = new Set<Listener>();
let source: EventSource | null = null;
let misses = 0;
let lastId = "";
let timer: ReturnType<typeof setTimeout> | undefined;

function read(event: MessageEvent<string>): Change {
  if (event.lastEventId) lastId = event.lastEventId;
  try {
    const body = JSON.parse(event.data) as Partial<Change> & { data?: Partial<Change> };
    return { ...body.data, ...body, type: body.type ?? event.type, subject: body.subject ?? "" };
  } catch { return { type: event.type, subject: "" }; }
}

const tell = (change: Change): void => listeners.forEach((listener) => listener(change));

function opened(): void {
  live.connected = true;
  if (misses > 0) tell(ANYTHING); // something may have happened in between
  misses = 0;
}

function broken(): void {
  live.connected = false;
  source?.close();
  source = null;
  misses += 1;
  if (listeners.size) timer = setTimeout(() => void connect(), PAUSES_MS[Math.min(misses - 1, PAUSES_MS.length - 1)]);
}

async function connect(): Promise<void> {
  clearTimeout(timer);
  if (source || !session.user) return;
  await session.ensureFresh();
  if (source || !listeners.size) return;
  source = new EventSource(lastId ? `${BASE}/stream?last_event_id=${encodeURIComponent(lastId)}` : `${BASE}/stream`, { withCredentials: true });
  source.onopen = opened;
  source.onerror = broken;
  source.addEventListener("reset", () => { lastId = ""; tell(ANYTHING); });
  source.addEventListener("change", (event) => tell(read(event as MessageEvent<string>)));
}

// A cut cable does not close an open stream; the device's own word that the network went or came does.
if (typeof window !== "undefined") {
  addEventListener("offline", () => { if (source) broken(); });
  addEventListener("online", () => { if (listeners.size) void connect(); });
}

export function disconnect(): void {
  clearTimeout(timer);
  source?.close();
  source = null;
  live.connected = false;
}

/** Calls `refresh` soon after anything of interest changed; many changes at once count as one. */
export function whenChanged(refresh: () => unknown, concerns: (change: Change) => boolean = () => true): void {
  let settling: ReturnType<typeof setTimeout> | undefined;
  const listener: Listener = (change) => {
    if (change !== ANYTHING && !concerns(change)) return;
    clearTimeout(settling);
    settling = setTimeout(() => void refresh(), SETTLE_MS);
  };
  listeners.add(listener);
  void connect();
  onScopeDispose(() => { listeners.delete(listener); clearTimeout(settling); });
}
