import { ref, type Ref } from "vue";
import { collect } from "@/api/collect";
import { explain } from "@/api/problem";
import { csv, download } from "@/csv";
import { words } from "@/strings.zh";
import { told } from "./useCommand";

type Cell = string | number | null | undefined;
export interface Sheet { busy: Ref<boolean>; failure: Ref<string>; save: (name: string, path: string, query: Record<string, string | number | undefined>) => Promise<void> }

/** A filtered list as a file for a spreadsheet: all of it, not only what is on the screen. */
export function useSheet<T>(heads: string[], rowsOf: (one: T) => Cell[][]): Sheet {
  const [busy, failure] = [ref(false), ref("")];
  async function save(name: string, path: string, query: Record<string, string | number | undefined>): Promise<void> {
    if (busy.value) return;
    [busy.value, failure.value] = [true, ""];
    try {
      const found = await collect<T>(path, query);
      download(name, csv([heads, ...found.rows.flatMap(rowsOf)]));
      told(words.exported(found.rows.length, found.more));
    } catch (error) { failure.value = explain(error); } finally { busy.value = false; }
  }
  return { busy, failure, save };
}
