import { computed, ref, watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import { get, post } from "@/api/client";
import type { Page, ProductionOrder, ScanTarget } from "@/api/models";
import { words } from "@/strings.zh";
import { useCommand } from "@/composables/useCommand";
import { useLoaded } from "@/composables/useLoaded";
import { whenChanged } from "@/state/live";
import { readTraveller } from "./quantities";

const LIVE = new Set(["created", "dispatched", "in_progress", "rework", "awaiting_inspection", "on_hold"]);
export interface Notice { number: string; ids: string[]; texts: string[]; at: string | null; escalated: boolean }

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
  const named = computed(() => readTraveller(number.value));
  const elsewhere = useLoaded(async () => {
    const code = number.value;
    const found = await get<ScanTarget>(`/scan-targets/${encodeURIComponent(code)}`);
    if (found.kind !== "production_order") return { code, job: null, text: words.floor.notAJob(found.item_name ?? found.number, found.kind) };
    return { code, job: await get<ProductionOrder>(`/production-orders/${encodeURIComponent(found.number)}`), text: "" };
  });
  const onBoard = computed(() => (board.value.value?.items ?? []).find((one) => one.number === named.value.number || one.scan_code === named.value.number) ?? null);
  const looked = computed(() => (elsewhere.value.value?.code === number.value ? elsewhere.value.value : null));
  const job = computed(() => onBoard.value ?? looked.value?.job ?? null);
  const unknown = computed(() => looked.value?.text ?? elsewhere.failure.value);
  // A code that is not on the board may still be a job: done, cancelled, or of another line.
  watch(() => [number.value, board.value.value], () => { if (number.value && board.value.value && !onBoard.value) void elsewhere.load(); }, { immediate: true });
  // What changed after the dispatch waits here until somebody of the floor says that it was seen; the server keeps count.
  const notices = computed<Notice[]>(() => all.value.concat(board.value.value?.items.filter((one) => !LIVE.has(one.state)) ?? []).filter((one) => one.pending_changes.length).map((one) => ({ number: one.number, ids: one.pending_changes.map((change) => change.id), texts: one.pending_changes.map((change) => change.message ?? change.kind), at: one.pending_changes[0]?.raised_at ?? null, escalated: one.pending_changes.some((change) => change.escalated) })));
  const acknowledge = useCommand((key: string, notice: Notice) => post(`/production-orders/${notice.number}:acknowledge_change`, { change_ids: notice.ids }, key), () => board.load());
  watch(line, (wanted) => localStorage.setItem("orderhub.line", wanted));
  whenChanged(board.load, (change) => /planning|inventory|OrderChanged|OrderHeld|OrderResumed|OrderCancelled/.test(change.type));
  void board.load();
  return { line, lines, jobs, job, number, named, unknown, notices, acknowledge, board };
}
