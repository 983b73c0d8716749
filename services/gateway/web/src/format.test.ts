import { afterEach, describe, expect, it, vi } from "vitest";
import { at, cleanQuantity, cleanSigned, due, isMore, minute, minus, monthName, plain, plus, scaled, share, weekday } from "./format";

describe("quantities are exact decimals", () => {
  it.each([["0.1", "0.2", "0.3"], ["99999999999.999999", "0.000001", "100000000000"], ["-1.5", "1.5", "0"]])("%s + %s = %s", (a, b, sum) => expect(plus(a, b)).toBe(sum));
  it.each([["17.5", "12.5", "5"], ["1", "1.000000", "0"], ["0", "0.000001", "-0.000001"]])("%s - %s = %s", (a, b, rest) => expect(minus(a, b)).toBe(rest));
  it("compares without floats", () => expect([isMore("0.3", "0.1"), isMore("100000000000.000001", "100000000000"), isMore("2", "2.0")]).toEqual([true, true, false]));
  it("reads nothing and rubbish as zero", () => expect([scaled(null), scaled(""), scaled("many")]).toEqual([0n, 0n, 0n]));
  it("writes no trailing zeros", () => expect([plain(1_500_000_000n), plain(-2_000_000_000n), plain(0n)]).toEqual(["1.5", "-2", "0"]));
  it("never draws past the end", () => expect([share("3", "2"), share("1", "4"), share("1", "0")]).toEqual([100, 25, 0]));
});

describe("what people paste into a number field", () => {
  it.each([["３ 件", "3"], ["1,200.50", "1200.50"], [" 2.5m ", "2.5"], ["约１２．５", "12.5"], ["abc", ""], ["", ""], ["=1+1", "1"], ["-5", "5"], ["9".repeat(60), "9".repeat(24)]])("%j becomes %j", (pasted, kept) => expect(cleanQuantity(pasted)).toBe(kept));
  it.each([["-1", "-1"], [" －１ 件", "-1"], ["−2.5", "-2.5"], ["-0", "0"], ["3-1", "3"], ["- 件", ""], ["1", "1"]])("%j of goods that may come back becomes %j", (pasted, kept) => expect(cleanSigned(pasted)).toBe(kept));
});

describe("days and moments", () => {
  afterEach(() => { vi.useRealTimers(); });
  it("name the year when it is not this one, as the factory's clock has it", () => {
    vi.useFakeTimers({ now: new Date("2026-12-31T17:00:00Z") }); // 2027 has begun in the factory
    expect([due("2027-01-03"), due("2030-11-23").split(" ")[0], due("2026-12-30").split(" ")[0]]).toEqual(["01-03 还有 2 天", "2030-11-23", "2026-12-30"]);
    expect([at("2026-12-31T17:00:00Z").startsWith("01/01"), at("2026-12-31T15:00:00Z").startsWith("2026/12/31")]).toEqual([true, true]);
  });
});

describe("dates read the same in a browser of any language", () => {
  it.each([["2026-11-30", "周一"], ["2026-12-06", "周日"], ["2024-02-29", "周四"], ["", ""], ["2026-13-45", ""], ["soon", ""]])("the day of %s is %s", (date, day) => expect(weekday(date)).toBe(day));
  it.each([["2026-11", "2026年11月"], ["2026-02", "2026年2月"], ["rubbish", "rubbish"]])("%s is %s", (month, name) => expect(monthName(month)).toBe(name));
  it("a spreadsheet gets the factory's wall clock", () => expect([minute("2026-11-22T23:30:00Z"), minute("2026-11-23T16:05:00Z"), minute(null)]).toEqual(["2026-11-23 07:30", "2026-11-24 00:05", ""]));
});
