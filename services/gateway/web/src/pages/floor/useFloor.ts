import { computed, ref, watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import { get } from "@/api/client";
import type { Operation, Page, ProductionOrder } from "@/api/models";
import { useLoaded } from "@/composables/useLoaded";
import { minus, plain, scaled } from "@/format";
import { whenChanged, type Change } from "@/state/live";
import { words } from "@/strings.zh";

const LIVE = new Set(["created", "dispatched", "in_progress", "rework", "awaiting_inspection", "on_hold"]);
const ACK = "orderhub.acknowledged";
export interface Notice { id: string; number: string; text: string }

export const openOperation = (job: ProductionOrder): Operation | null => job.operations.find((operation) => operation.state !== "done") ?? null;
export const remaining = (job: ProductionOrder, operation: Operation | null): string => {
  if (!operation) return "0";
  const left = scaled(job.quantity) - scaled(operation.good_quantity) - scaled(operation.scrap_quantity);
  return plain(left > 0n ? left : 0n);
};
export const unchecked = (job: ProductionOrder): string => minus(minus(job.operations.at(-1)?.good_quantity ?? job.quantity, job.passed_quantity), "0");

function acknowledged(): string[] {
  try { return JSON.parse(localStorage.getItem(ACK) ?? "[]") as string[]; } catch { return []; }
}

/** A team's jobs by priority, the one in hand, and the changes somebody must have seen. */
export function useFloor() {
  const route = useRoute();
  const router = useRouter();
  const line = ref(localStorage.getItem("orderhub.line") ?? "");
  const board = useLoaded(() => get<Page<ProductionOrder>>("/production-orders", { sort: "priority", page_size: 200 }));
  const all = computed(() => (board.value.value?.items ?? []).filter((job) => LIVE.has(job.state)));
  const lines = computed(() => [...new Set(all.value.flatMap((job) => job.operations.map((operation) => operation.work_center)))].filter(Boolean).sort());
  const jobs = computed(() => all.value.filter((job) => !line.value || job.operations.some((operation) => operation.work_center === line.value && operation.state !== "done") || job.state === "awaiting_inspection"));
  const number = computed({ get: () => String(route.query.job ?? ""), set: (wanted) => { void router.replace({ query: wanted ? { job: wanted } : {} }); } });
  const elsewhere = useLoaded(() => get<ProductionOrder>(`/production-orders/${encodeURIComponent(number.value)}`));
  const onBoard = computed(() => (board.value.value?.items ?? []).find((one) => one.number === number.value || one.scan_code === number.value) ?? null);
  const job = computed(() => onBoard.value ?? (elsewhere.value.value && [elsewhere.value.value.number, elsewhere.value.value.scan_code].includes(number.value) ? elsewhere.value.value : null));
  // A code that is not on the board may still be a job: done, cancelled, or of another line.
  watch(() => [number.value, board.value.value], () => { if (number.value && board.value.value && !onBoard.value) void elsewhere.load(); }, { immediate: true });
  const notices = ref<Notice[]>([]);
  const seen = new Set(acknowledged());

  function notice(change: Change): void {
    const name = change.type.split(".").pop() ?? "";
    if (!["OrderChanged", "OrderCancelled", "OrderHeld", "OrderResumed", "ProductionOrderCancelled"].includes(name)) return;
    const concerned = change.production_order_number ?? change.order_number ?? change.subject.split("/").pop() ?? "";
    const mine = all.value.some((one) => one.number === concerned || one.order_number === concerned);
    const id = `${change.type}|${(change as { id?: string }).id ?? concerned}`;
    if (mine && !seen.has(id)) notices.value = [...notices.value, { id, number: concerned, text: words.events[name] ?? name }];
  }
  function acknowledge(id: string): void {
    seen.add(id);
    notices.value = notices.value.filter((one) => one.id !== id);
    localStorage.setItem(ACK, JSON.stringify([...seen].slice(-200)));
  }
  watch(line, (wanted) => localStorage.setItem("orderhub.line", wanted));
  whenChanged(board.load, (change) => { notice(change); return /planning|inventory|OrderChanged|OrderHeld|OrderResumed|OrderCancelled/.test(change.type); });
  void board.load();
  return { line, lines, jobs, job, number, unknown: elsewhere.failure, notices, acknowledge, board };
}
