import { ElMessage } from "element-plus/es/components/message/index";
import "element-plus/es/components/message/style/css";
import { ref, type Ref } from "vue";
import { mint } from "@/api/client";
import { explain, Problem } from "@/api/problem";

export interface Command<A extends unknown[], R> { busy: Ref<boolean>; problem: Ref<Problem | null>; run: (...args: A) => Promise<R | undefined> }

/**
 * One thing a person can do. The idempotency key is minted once and kept until the server has answered for good,
 * so a second press or a retry after a lost answer has no second effect; a changed form gets a fresh key.
 */
export function useCommand<A extends unknown[], R>(act: (key: string, ...args: A) => Promise<R>, done?: (result: R) => unknown): Command<A, R> {
  const busy = ref(false);
  const problem = ref<Problem | null>(null) as Ref<Problem | null>;
  let key = "";
  let said = "";

  async function run(...args: A): Promise<R | undefined> {
    if (busy.value) return undefined;
    const now = JSON.stringify(args);
    if (!key || now !== said) { key = mint(); said = now; }
    busy.value = true;
    problem.value = null;
    try {
      const result = await act(key, ...args);
      key = "";
      await done?.(result);
      return result;
    } catch (error) {
      if (error instanceof Problem) { problem.value = error; if (error.status < 500 && error.status !== 429) key = ""; }
      ElMessage({ type: "error", message: explain(error), duration: 6000, showClose: true, grouping: true });
      return undefined;
    } finally { busy.value = false; }
  }
  return { busy, problem, run };
}

export const told = (message: string): void => { ElMessage({ type: "success", message, grouping: true }); };
