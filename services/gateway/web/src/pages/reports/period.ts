import { civilDate } from "@/format";

const DAY_MS = 86_400_000;
const civil = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit" });

/** The ISO week of a civil date, as 2026-W47. */
export function weekOf(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  const thursday = new Date(day.getTime() + (3 - ((day.getUTCDay() + 6) % 7)) * DAY_MS);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return `${thursday.getUTCFullYear()}-W${String(Math.floor((thursday.getTime() - first) / DAY_MS / 7) + 1).padStart(2, "0")}`;
}

export interface Cut { groupBy: string; group: string; from: string; to: string }

/** True when an order made at `instant` belongs to the period, and to the week or month looked at. */
export function within(instant: string, cut: Cut): boolean {
  const date = civil.format(new Date(instant));
  if (date < cut.from || date > cut.to) return false;
  if (cut.groupBy === "month") return date.startsWith(cut.group);
  if (cut.groupBy === "week") return weekOf(date) === cut.group || weekOf(date).replace("-W", "W") === cut.group || cut.group === date;
  return true;
}
export const lastDays = (days: number): { from: string; to: string } => ({ from: civilDate(-days), to: civilDate() });
