import { words } from "./strings.zh";

const ZONE = "Asia/Shanghai";
const DAY_MS = 86_400_000;
const moment = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false });
const civil = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });

/** The factory's civil date of today plus some days, as YYYY-MM-DD. */
export const civilDate = (days = 0): string => civil.format(new Date(Date.now() + days * DAY_MS));
export const civilMonth = (): string => civilDate().slice(0, 7);
const thisYear = (): string => civilDate().slice(0, 4);

/** A moment as month, day and time; another year than this one is named. */
export function at(instant: string | null | undefined): string {
  if (!instant) return words.none;
  const when = new Date(instant), year = civil.format(when).slice(0, 4);
  return year === thisYear() ? moment.format(when) : `${year}/${moment.format(when)}`;
}

const wall = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
/** A moment for a spreadsheet: the factory's YYYY-MM-DD HH:MM, which sorts. */
export function minute(instant: string | null | undefined): string {
  if (!instant) return "";
  const when = new Date(instant);
  return `${civil.format(when)} ${wall.format(when)}`;
}

/** A date as people say it: month and day, the year when it is another. */
export const day = (date: string | null | undefined): string => (!date ? words.none : date.startsWith(`${thisYear()}-`) ? date.slice(5) : date);
/** A due date as people say it: month and day, the year when it is another, and how far away it is. */
export function due(date: string | null | undefined): string {
  if (!date) return words.none;
  const days = Math.round((Date.parse(date) - Date.parse(civilDate())) / DAY_MS);
  return `${day(date)} ${words.due(days)}`;
}
export const isLate = (date: string | null | undefined): boolean => Boolean(date) && String(date) < civilDate();

export function hours(value: string | null | undefined): string {
  if (value === null || value === undefined || value === "") return words.notRecorded;
  const figure = Number(value);
  if (figure < 1 / 60) return words.seconds(Math.round(figure * 3600));
  if (figure < 1) return words.minutes(Math.round(figure * 60));
  return figure >= 48 ? words.days((figure / 24).toFixed(1)) : words.hours(figure.toFixed(figure < 10 ? 1 : 0));
}

/** The day of the week of a date (YYYY-MM-DD), and a month (YYYY-MM) as people say it; nothing for what is neither. */
export const weekday = (date: string): string => (/^\d{4,6}-\d{2}-\d{2}$/.test(date) && !Number.isNaN(Date.parse(date)) ? (words.calendar.weekdays[(new Date(date).getUTCDay() + 6) % 7] ?? "") : "");
export const monthName = (month: string): string => (/^\d{4,6}-\d{2}$/.test(month) ? words.date.month(month.slice(0, -3), Number(month.slice(-2))) : month);

// Quantities are exact decimals: compared and subtracted as scaled integers, never as floats.
const SCALE = 9;
export function scaled(value: string | null | undefined): bigint {
  const [, sign = "", whole = "0", fraction = ""] = /^(-?)(\d*)(?:\.(\d*))?$/.exec((value ?? "").trim() || "0") ?? [];
  const digits = BigInt((whole || "0") + fraction.slice(0, SCALE).padEnd(SCALE, "0"));
  return sign ? -digits : digits;
}
export function plain(value: bigint): string {
  const text = (value < 0n ? -value : value).toString().padStart(SCALE + 1, "0");
  const fraction = text.slice(-SCALE).replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${text.slice(0, -SCALE)}${fraction ? `.${fraction}` : ""}`;
}
export const minus = (a: string | null | undefined, b: string | null | undefined): string => plain(scaled(a) - scaled(b));
export const plus = (a: string | null | undefined, b: string | null | undefined): string => plain(scaled(a) + scaled(b));
export const isMore = (a: string | null | undefined, b: string | null | undefined): boolean => scaled(a) > scaled(b);
export const share = (part: string | null, whole: string | null): number => {
  const all = scaled(whole);
  return all > 0n ? Math.min(100, Number((scaled(part) * 1000n) / all) / 10) : 0;
};

/** What a person pasted into a quantity field, as the number in it: full-width digits, blanks, commas and units are forgiven. */
export function cleanQuantity(raw: string): string {
  const half = raw.replace(/[\uff10-\uff19\uff0e]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 0xfee0));
  return /\d+(?:\.\d+)?|\.\d+/.exec(half.replace(/[\s,\uff0c]/g, ""))?.[0]?.slice(0, 24) ?? "";
}

/** The same where goods may have come back: a minus in front stays, whichever way it was typed. */
export function cleanSigned(raw: string): string {
  const quantity = cleanQuantity(raw);
  return /^\s*[-\u2212\uff0d]/.test(raw) && /[1-9]/.test(quantity) ? `-${quantity}` : quantity;
}
