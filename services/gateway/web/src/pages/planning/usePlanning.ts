import { computed, onScopeDispose, reactive, ref, shallowRef } from "vue";
import { get, mint, post } from "@/api/client";
import type { Order, Plan, PlanJob } from "@/api/models";
import { explain } from "@/api/problem";
import { useCommand } from "@/composables/useCommand";
import { usePages } from "@/composables/usePages";

export interface Outcome { number: string; plan: Plan | null; failure: string }
const LOOK_MS = 700;

/** Orders that wait to be planned, the ones chosen, and what planning them gave. One is planned at once; many are a job. */
export function usePlanning() {
  const waiting = usePages<Order>("/orders", () => ({ state: "confirmed", page_size: 200 }));
  const chosen = reactive(new Set<string>());
  const outcome = ref<Outcome | null>(null);
  const job = shallowRef<PlanJob | null>(null);
  const busy = computed(() => one.busy.value || many.busy.value || job.value?.state === "running");
  let timer: ReturnType<typeof setTimeout> | undefined;
  onScopeDispose(() => clearTimeout(timer));

  const keys = new Map<string, string>(); // an order keeps its key until it is planned
  const one = useCommand(async (_key: string, number: string): Promise<Outcome> => {
    const key = keys.get(number) ?? mint();
    keys.set(number, key);
    try {
      const plan = await post<Plan>(`/orders/${number}:plan`, {}, key);
      keys.delete(number);
      return { number, plan, failure: "" };
    } catch (error) { return { number, plan: null, failure: explain(error) }; }
  }, (made) => { [outcome.value, job.value] = [made, null]; chosen.delete(made.number); return waiting.reload(); });

  async function follow(id: string): Promise<void> {
    job.value = await get<PlanJob>(`/plans/${id}`).catch(() => job.value);
    if (job.value?.state === "running") timer = setTimeout(() => void follow(id), LOOK_MS);
    else { chosen.clear(); await waiting.reload(); }
  }
  const many = useCommand((key: string, orders: string[]) => post<PlanJob>("/plans", { orders }, key), (started) => { [job.value, outcome.value] = [started, null]; return follow(started.id); });
  const cancel = useCommand((key: string, id: string) => post<PlanJob>(`/plans/${id}:cancel`, {}, key), (told) => { job.value = told; });
  const plan = (numbers: string[]): void => { void (numbers.length === 1 && numbers[0] ? one.run(numbers[0]) : many.run(numbers)); };
  return { waiting, chosen, outcome, job, busy, plan, cancel };
}
