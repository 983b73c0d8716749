import type { Page } from "@/api/models";
import { get } from "./client";

type Query = Record<string, string | number | undefined>;
export const MOST_ROWS = 5_000;

/** Every row of a keyset list, page by page, up to `most`; `more` says that the list goes on after that. */
export async function collect<T>(path: string, query: Query, most: number = MOST_ROWS): Promise<{ rows: T[]; more: boolean }> {
  const rows: T[] = [];
  let token: string | undefined;
  do {
    const page: Page<T> = await get<Page<T>>(path, { ...query, page_size: 200, page_token: token });
    rows.push(...page.items);
    token = page.next_page_token ?? undefined;
  } while (token && rows.length < most);
  return { rows: rows.slice(0, most), more: Boolean(token) || rows.length > most };
}
