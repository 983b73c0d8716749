import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { explain } from "@/api/problem";

export interface Loaded<T> { value: ShallowRef<T | null>; loading: Ref<boolean>; failure: Ref<string>; load: () => Promise<void> }

/** One answer of the server with its loading and its failure; a late answer never covers a newer one. */
export function useLoaded<T>(fetcher: () => Promise<T>): Loaded<T> {
  const value = shallowRef<T | null>(null) as ShallowRef<T | null>;
  const loading = ref(false);
  const failure = ref("");
  let turn = 0;
  async function load(): Promise<void> {
    const mine = (turn += 1);
    loading.value = true;
    try {
      const answer = await fetcher();
      if (mine === turn) [value.value, failure.value] = [answer, ""];
    } catch (error) { if (mine === turn) failure.value = explain(error); } finally { if (mine === turn) loading.value = false; }
  }
  return { value, loading, failure, load };
}
