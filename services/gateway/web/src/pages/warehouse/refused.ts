import type { Entry } from "@/offline/store";

interface Line { item_code: string; quantity: string }

/** The amounts of an issue for this job that was turned away, so that nobody types them again. */
export function amountsOf(entry: Entry | null, number: string): { back: boolean; amounts: Record<string, string> } | null {
  if (!entry || entry.kind !== "issue" || entry.body.production_order !== number) return null;
  const lines = entry.body.lines as Line[];
  return {
    back: lines.some((line) => line.quantity.startsWith("-")),
    amounts: Object.fromEntries(lines.map((line) => [line.item_code, line.quantity.replace(/^-/, "")])),
  };
}
