// The factory's calendar as a month: what each day is, and special days read from a file.
export interface Pause { begin: string; end: string }
export interface Shift { begin: string; end: string; breaks: Pause[] }
export interface SpecialDay { date: string; kind: "holiday" | "working"; name: string | null }
export interface CalendarDraft { working_weekdays: number[]; shifts: Shift[]; days: SpecialDay[]; public_holidays: boolean }
export interface Told { date: string; working: boolean; source: string; public_kind: string | null; public_text: string | null }
export interface DayCell { date: string; day: number; inside: boolean; working: boolean; source: "factory" | "public" | "week"; name: string }

const DAY_MS = 86_400_000;
const iso = (at: number): string => new Date(at).toISOString().slice(0, 10);
const weekday = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay() || 7;

/** The days drawn for a month 2026-11: whole weeks from Monday. */
export function drawn(month: string): string[] {
  const first = Date.parse(`${month}-01T00:00:00Z`);
  const begin = first - (weekday(`${month}-01`) - 1) * DAY_MS;
  const days = Array.from({ length: 42 }, (_, n) => iso(begin + n * DAY_MS));
  return days[35]?.startsWith(month) ? days : days.slice(0, 35);
}

/** A month some months away. */
export function moved(month: string, by: number): string {
  const count = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 + by;
  return `${String(Math.floor(count / 12)).padStart(4, "0")}-${String((count % 12) + 1).padStart(2, "0")}`;
}

/** What a day is: the factory's own word, then what is published, then the weekday. */
export function cell(date: string, month: string, draft: CalendarDraft, told: Told | undefined): DayCell {
  const base = { date, day: Number(date.slice(8)), inside: date.startsWith(month) };
  const own = draft.days.find((one) => one.date === date);
  if (own) return { ...base, working: own.kind === "working", source: "factory", name: own.name ?? "" };
  if (draft.public_holidays && told?.public_kind) return { ...base, working: told.public_kind === "working", source: "public", name: told.public_text ?? "" };
  return { ...base, working: draft.working_weekdays.includes(weekday(date)), source: "week", name: "" };
}

/** Turn a day around; a day turned before goes back to what it is anyway. */
export function turned(draft: CalendarDraft, found: DayCell): SpecialDay[] {
  const others = draft.days.filter((one) => one.date !== found.date);
  if (found.source === "factory") return others;
  return sorted([...others, { date: found.date, kind: found.working ? "holiday" : "working", name: null }]);
}

export const sorted = (days: SpecialDay[]): SpecialDay[] => [...days].sort((a, b) => a.date.localeCompare(b.date));

/** Days of one list over those of another. */
export const merged = (kept: SpecialDay[], read: SpecialDay[]): SpecialDay[] => sorted([...new Map([...kept, ...read].map((one) => [one.date, one])).values()]);

export interface Read { days: SpecialDay[]; rejected: string[] }
const WORKED = /班|工作|work/i;
const MOST_SPAN = 60;

/** Special days of a calendar file (ics), or of a table: date or from-to, kind, name (csv). */
export const read = (text: string): Read => (text.includes("BEGIN:VCALENDAR") ? readIcs(text) : readCsv(text));

function readIcs(text: string): Read {
  const found: Read = { days: [], rejected: [] };
  for (const part of text.replace(/\r?\n[ \t]/g, "").split("BEGIN:VEVENT").slice(1)) {
    const field = (name: string): string => new RegExp(`^${name}(?:;[^:\\r\\n]*)?:(.*)$`, "m").exec(part)?.[1]?.trim() ?? "";
    const name = field("SUMMARY").replace(/\\([,;\\])/g, "$1");
    const [begin, end] = [civil(field("DTSTART")), civil(field("DTEND"))];
    const days = begin ? span(begin, end ? iso(Date.parse(`${end}T00:00:00Z`) - DAY_MS) : begin) : [];
    if (!days.length) found.rejected.push(name || field("DTSTART"));
    found.days.push(...days.map((date): SpecialDay => ({ date, kind: WORKED.test(name) ? "working" : "holiday", name: name.slice(0, 60) || null })));
  }
  return found;
}

function readCsv(text: string): Read {
  const found: Read = { days: [], rejected: [] };
  for (const [n, line] of text.replace(/^\ufeff/, "").split(/\r?\n/).entries()) {
    if (!line.trim()) continue;
    const cells = line.split(/[,\t;，]/).map((one) => one.trim().replace(/^"|"$/g, ""));
    const begin = civil(cells[0] ?? "");
    const until = civil(cells[1] ?? "");
    const [kind = "", name = ""] = cells.slice(until ? 2 : 1);
    const days = begin ? span(begin, until || begin) : [];
    if (!days.length) { if (n > 0) found.rejected.push(line.slice(0, 80)); continue; } // the first line may name the columns
    found.days.push(...days.map((date): SpecialDay => ({ date, kind: WORKED.test(kind) ? "working" : "holiday", name: name.slice(0, 60) || null })));
  }
  return found;
}

/** A date typed 2026-10-01, 2026/10/1 or 20261001 as 2026-10-01; nothing when there is no such day. */
function civil(text: string): string {
  const found = /^(\d{4})[-/年.]?(\d{1,2})[-/月.]?(\d{1,2})日?(?:T.*)?$/.exec(text);
  if (!found) return "";
  const date = `${found[1]}-${found[2]?.padStart(2, "0")}-${found[3]?.padStart(2, "0")}`;
  const at = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(at) || iso(at) !== date ? "" : date;
}

function span(begin: string, end: string): string[] {
  const count = Math.round((Date.parse(`${end}T00:00:00Z`) - Date.parse(`${begin}T00:00:00Z`)) / DAY_MS) + 1;
  return count < 1 || count > MOST_SPAN ? [] : Array.from({ length: count }, (_, n) => iso(Date.parse(`${begin}T00:00:00Z`) + n * DAY_MS));
}
