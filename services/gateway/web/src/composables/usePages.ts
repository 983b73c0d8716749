import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { get } from "@/api/client";
import { explain } from "@/api/problem";
import type { Page } from "@/api/models";

type Query = Record<string, string | number | undefined>;
export interface Pages<T> {
  items: ShallowRef<T[]>; more: Ref<boolean>; loading: Ref<boolean>; failure: Ref<string>; loaded: Ref<boolean>;
  reload: () => Promise<void>; next: () => Promise<void>;
}

/** A keyset list: the first page, and the next one when somebody scrolls there. An answer that came too late is dropped. */
export function usePages<T>(path: string, query: () => Query): Pages<T> {
  const items = shallowRef<T[]>([]);
  const [more, loading, loaded] = [ref(false), ref(false), ref(false)];
  const failure = ref("");
  let token: string | null = null;
  let turn = 0;

  async function fetchPage(from: string | null, kept: T[]): Promise<void> {
    const mine = (turn += 1);
    loading.value = true;
    try {
      const page = await get<Page<T>>(path, { page_size: 50, ...query(), page_token: from ?? undefined });
      if (mine !== turn) return;
      items.value = [...kept, ...page.items];
      token = page.next_page_token;
      more.value = Boolean(token);
      [failure.value, loaded.value] = ["", true];
    } catch (error) { if (mine === turn) failure.value = explain(error); } finally { if (mine === turn) loading.value = false; }
  }
  return {
    items, more, loading, failure, loaded,
    reload: () => fetchPage(null, []),
    next: async () => { if (token && !loading.value) await fetchPage(token, items.value); },
  };
}
