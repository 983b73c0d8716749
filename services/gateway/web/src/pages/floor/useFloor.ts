import { computed, ref, watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import { get, post } from "@/api/client";
import type { Operation, Page, ProductionOrder } from "@/api/models";
import { useCommand } from "@/composables/useCommand";
import { useLoaded } from "@/composables/useLoaded";
import { minus, plain, scaled } from "@/format";
import { whenChanged } from "@/state/live";

const LIVE = new Set(["created", "dispatched", "in_progress", "rework", "awaiting_inspection", "on_hold"]);
export interface Notice { number: string; ids: string[]; texts: string[]; at: string | null; escalated: boolean }

export const openOperation = (job: ProductionOrder): Operation | null => job.operations.find((operation) => operation.state !== "done") ?? null;
export const remaining = (job: ProductionOrder, operation: Operation | null): string => {
  if (!operation) return "0";
  const left = scaled(job.quantity) - scaled(operation.good_quantity) - scaled(operation.scrap_quantity);
  return plain(left > 0n ? left : 0n);
};
export const unchecked = (job: ProductionOrder): string => minus(minus(job.operations.at(-1)?.good_quantity ?? job.quantity, job.passed_quantity), "0");

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
  // What changed after the dispatch waits here until somebody of the floor says that it was seen; the server keeps count.
  const notices = computed<Notice[]>(() => all.value.concat(board.value.value?.items.filter((one) => !LIVE.has(one.state)) ?? []).filter((one) => one.pending_changes.length).map((one) => ({ number: one.number, ids: one.pending_changes.map((change) => change.id), texts: one.pending_changes.map((change) => change.message ?? change.kind), at: one.pending_changes[0]?.raised_at ?? null, escalated: one.pending_changes.some((change) => change.escalated) })));
  const acknowledge = useCommand((key: string, notice: Notice) => post(`/production-orders/${notice.number}:acknowledge_change`, { change_ids: notice.ids }, key), () => board.load());
  watch(line, (wanted) => localStorage.setItem("orderhub.line", wanted));
  whenChanged(board.load, (change) => /planning|inventory|OrderChanged|OrderHeld|OrderResumed|OrderCancelled/.test(change.type));
  void board.load();
  return { line, lines, jobs, job, number, unknown: elsewhere.failure, notices, acknowledge, board };
}
