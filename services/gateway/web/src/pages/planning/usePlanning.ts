import { computed, reactive, ref } from "vue";
import { mint, post } from "@/api/client";
import type { Order, Plan } from "@/api/models";
import { explain } from "@/api/problem";
import { usePages } from "@/composables/usePages";

export interface Outcome { number: string; plan: Plan | null; failure: string }

/** Orders that wait to be planned, the ones chosen, and what planning them gave. Each order keeps one key until it is planned. */
export function usePlanning() {
  const waiting = usePages<Order>("/orders", () => ({ state: "confirmed", page_size: 100 }));
  const chosen = reactive(new Set<string>());
  const outcomes = ref<Outcome[]>([]);
  const running = ref({ done: 0, all: 0 });
  const keys = new Map<string, string>();
  const busy = computed(() => running.value.done < running.value.all);

  async function planOne(number: string): Promise<Outcome> {
    const key = keys.get(number) ?? mint();
    keys.set(number, key);
    try {
      const plan = await post<Plan>(`/orders/${number}:plan`, {}, key);
      keys.delete(number);
      return { number, plan, failure: "" };
    } catch (error) { return { number, plan: null, failure: explain(error) }; }
  }
  async function plan(numbers: string[]): Promise<void> {
    if (busy.value) return;
    outcomes.value = [];
    running.value = { done: 0, all: numbers.length };
    for (const number of numbers) {
      outcomes.value = [await planOne(number), ...outcomes.value];
      running.value = { ...running.value, done: running.value.done + 1 };
      chosen.delete(number);
    }
    await waiting.reload();
  }
  return { waiting, chosen, outcomes, running, busy, plan };
}
