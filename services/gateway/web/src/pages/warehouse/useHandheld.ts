import { computed, ref, shallowRef } from "vue";
import { get } from "@/api/client";
import { explain, Problem } from "@/api/problem";
import type { Order, ProductionOrder, ScanTarget } from "@/api/models";
import { isMore, minus } from "@/format";
import { partsOf, recall, remember, type Part } from "@/offline/known";
import { connection } from "@/state/connection";
import { words } from "@/strings.zh";

export interface Goods { code: string; name: string; unit: string }
export interface ShipLine { order: string; line_no: number; name: string; unit: string; ready: string; stocked: string; quantity: string }
const LOOK_MS = 4_000;
const OURS = /^(PO|SH|GR|RT)\d{8}-/i;
const ORDER = /^SO\d{8}-\d+$/i;

/** What the last code on the handheld is and what may be done with it; without a network, what this device remembers. */
export function useHandheld() {
  const code = ref("");
  const target = shallowRef<ScanTarget | null>(null);
  const order = shallowRef<Order | null>(null);
  const parts = shallowRef<Part[]>([]);
  const item = shallowRef<Goods | null>(null);
  const [failure, looking, offline] = [ref(""), ref(false), ref(false)];

  function fallBack(wanted: string): void {
    const known = recall(wanted);
    if (!known && ORDER.test(wanted)) { failure.value = words.warehouse.offlineOrder; return; }
    if (!known && !OURS.test(wanted)) { item.value = { code: wanted, name: wanted, unit: "" }; return; } // goods, as far as anybody can tell
    [offline.value, parts.value] = [true, known?.parts ?? []];
    target.value = { kind: known ? "production_order" : "unknown", number: known?.number ?? wanted, actions: ["finish", "receive"], planned: known?.planned ?? null, passed: null, received: null, remaining: null, unit: known?.unit ?? null, item_code: null, item_name: known?.name ?? null, state: null, state_text: null, operation: null };
  }
  async function look(wanted: string): Promise<void> {
    [parts.value, item.value] = [[], null];
    [code.value, target.value, order.value, failure.value, offline.value, looking.value] = [wanted, null, null, "", false, true];
    try {
      if (!connection.online) { fallBack(wanted); return; }
      if (ORDER.test(wanted)) { order.value = await get<Order>(`/orders/${encodeURIComponent(wanted)}`); return; }
      const late = new Promise<never>((_, refuse) => setTimeout(() => refuse(new TypeError("late")), LOOK_MS));
      const found = await Promise.race([get<ScanTarget>(`/scan-targets/${encodeURIComponent(wanted)}`), late]);
      if (code.value !== wanted) return;
      if (found.kind === "production_order") { target.value = found; remember(found, wanted); }
      if (found.kind === "production_order") parts.value = partsOf(await get<ProductionOrder>(`/production-orders/${encodeURIComponent(found.number)}`));
      if (found.kind === "item") item.value = { code: found.number, name: found.item_name ?? found.number, unit: found.unit ?? "" };
      if (found.kind === "order") order.value = await get<Order>(`/orders/${encodeURIComponent(found.number)}`);
    } catch (error) {
      if (error instanceof Problem) failure.value = explain(error);
      else fallBack(wanted);
    } finally { looking.value = false; }
  }
  const shippable = computed<ShipLine[]>(() => (order.value?.lines ?? []).map((line) => {
    const [open, stocked] = [minus(line.quantity, line.shipped_quantity), minus(line.received_quantity, line.shipped_quantity)];
    return { order: order.value?.number ?? "", line_no: line.line_no, name: line.item_name ?? line.item_code, unit: line.unit, ready: open, stocked: isMore(stocked, "0") ? stocked : "0", quantity: isMore(stocked, "0") ? stocked : "0" };
  }).filter((line) => isMore(line.ready, "0")));
  const title = computed(() => target.value?.item_name ?? (target.value ? (words.kinds[target.value.kind] ?? target.value.number) : ""));
  return { code, target, order, item, parts, failure, looking, offline, look, shippable, title };
}
