import { openDB, type DBSchema, type IDBPDatabase } from "idb";

export type Kind = "scan" | "receipt" | "issue" | "shipment" | "movement";
export type Result = "waiting" | "applied" | "duplicate" | "rejected" | "conflict";
export interface Entry {
  id: string; // the scan id, minted on this device; also the idempotency key
  seq: number; kind: Kind; path: string; body: Record<string, unknown>; label: string; at: string;
  result: Result; message: string; reason: string | null; judgedAt: string | null;
}
interface Shelf extends DBSchema { entries: { key: string; value: Entry; indexes: { seq: number } } }

const NAME = "orderhub-offline";
let opened: Promise<IDBPDatabase<Shelf>> | null = null;

function shelf(): Promise<IDBPDatabase<Shelf>> {
  opened ??= openDB<Shelf>(NAME, 1, {
    upgrade(database) { database.createObjectStore("entries", { keyPath: "id" }).createIndex("seq", "seq"); },
    terminated() { opened = null; },
  });
  return opened;
}

export async function keep(entry: Entry): Promise<void> { await (await shelf()).put("entries", entry); }
export async function all(): Promise<Entry[]> { return (await shelf()).getAllFromIndex("entries", "seq"); }
export async function forget(ids: string[]): Promise<void> {
  const work = (await shelf()).transaction("entries", "readwrite");
  await Promise.all([...ids.map((id) => work.store.delete(id)), work.done]);
}
