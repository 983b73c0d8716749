import { get } from "@/api/client";
import type { Page, ProductionOrder, ScanTarget } from "@/api/models";

const KEPT = "orderhub.known-codes";
const MOST = 400;
export interface Part { item_code: string; name: string; unit: string; required: string; issued: string; short: string }
export interface Known { code: string; number: string; name: string; unit: string; planned: string; parts: Part[] }

function read(): Record<string, Known> {
  try { return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Record<string, Known>; } catch { return {}; }
}
function write(known: Record<string, Known>): void {
  try { localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(Object.entries(known).slice(-MOST)))); } catch { /* full: names are only a comfort */ }
}

/** What this device remembers of a code, so that a label still has a name and a pick list without a network. */
export const recall = (code: string): Known | null => read()[code] ?? null;

export const partsOf = (job: ProductionOrder): Part[] => job.components.map((part) => ({ item_code: part.item_code, name: part.item_name ?? part.item_code, unit: part.unit, required: part.required, issued: part.issued, short: part.short }));

export function remember(target: ScanTarget, code: string): void {
  write({ ...read(), [code]: { code, number: target.number, name: target.item_name ?? "", unit: target.unit ?? "", planned: target.planned ?? "", parts: recall(code)?.parts ?? [] } });
}

export async function prefetch(): Promise<void> {
  const page = await get<Page<ProductionOrder>>("/production-orders", { page_size: 200, sort: "priority" });
  const fresh = page.items.flatMap((job) => [job.number, job.scan_code].filter(Boolean).map((code) => [code, { code, number: job.number, name: job.item_name ?? job.item_code, unit: job.unit, planned: job.quantity, parts: partsOf(job) }] as const));
  write({ ...read(), ...Object.fromEntries(fresh) });
}
