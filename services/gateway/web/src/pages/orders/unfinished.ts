import { cleanQuantity } from "@/format";
import type { LineForm } from "./entry";

/** Where lines are begun but not told whole: such a line would silently be missing from the order. */
export function unfinishedOf(lines: LineForm[]): number[] {
  return lines.flatMap((line, n) => ((line.text.trim() || line.quantity || line.price || line.due) && !(line.item && cleanQuantity(line.quantity)) ? [n] : []));
}
