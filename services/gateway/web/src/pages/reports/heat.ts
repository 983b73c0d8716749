import type { LeadTimeCell, LeadTimes } from "@/api/models";
import { channelName } from "@/composables/useOrderChannels";
import { monthName } from "@/format";
import { words } from "@/strings.zh";

export const HEADLINE = ["quote_to_confirm", "confirm_to_release", "dispatch_to_start", "receipt_to_ship"];
const week = (key: string): string => { const [, year, number] = /^(\d{4})-W(\d{2})$/.exec(key) ?? []; return year && number ? words.date.week(year, Number(number)) : key; };
const NAMES: Record<string, (key: string) => string> = { channel: channelName, week, month: monthName };
/** What a group is called on the page: channels, weeks and months by their Chinese names, everything else by its own key. */
export const titleOf = (groupBy: string, key: string): string => (NAMES[groupBy]?.(key) ?? key) || words.reports.unassigned;
const LIGHT_TEXT_FROM = 0.66;

export interface HeatCell { stage: string; cell: LeadTimeCell | null; depth: number; light: boolean }
export interface HeatRow { key: string; cells: HeatCell[] }

/**
 * Rows for the heat map. Depth is 0-1 and grows with the mean over the whole picture (square root: long tails would
 * otherwise leave everything else pale), so a deeper cell is never a faster one.
 */
export function heatRows(report: LeadTimes, stages: string[]): HeatRow[] {
  const means = report.groups.flatMap((group) => group.cells.filter((cell) => stages.includes(cell.stage) && cell.mean_hours !== null).map((cell) => Number(cell.mean_hours)));
  const deepest = Math.max(...means, 1e-9);
  return report.groups.map((group) => ({
    key: group.key,
    cells: stages.map((stage) => {
      const cell = group.cells.find((one) => one.stage === stage && one.n > 0) ?? null;
      const depth = cell?.mean_hours ? Math.sqrt(Math.max(0, Number(cell.mean_hours)) / deepest) : 0;
      return { stage, cell, depth, light: depth > LIGHT_TEXT_FROM };
    }),
  }));
}
