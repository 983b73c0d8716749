import { describe, expect, it } from "vitest";
import { cell, drawn, merged, moved, read, turned, type CalendarDraft } from "./days";

const draft: CalendarDraft = { working_weekdays: [1, 2, 3, 4, 5], shifts: [], days: [{ date: "2026-11-23", kind: "holiday", name: "stop" }], public_holidays: true };
const published = { date: "2026-10-01", working: false, source: "public", public_kind: "holiday", public_text: "N" };

describe("a month", () => {
  it("is drawn in whole weeks from Monday", () => expect([drawn("2026-11")[0], drawn("2026-11").length, drawn("2026-11")[41], drawn("2026-10").length]).toEqual(["2026-10-26", 42, "2026-12-06", 35]));
  it("moves over the year", () => expect([moved("2026-12", 1), moved("2026-01", -1), moved("2026-06", 12)]).toEqual(["2027-01", "2025-12", "2027-06"]));
});

describe("a day", () => {
  it("is what the factory says first", () => expect(cell("2026-11-23", "2026-11", draft, undefined)).toMatchObject({ working: false, source: "factory", name: "stop" }));
  it("then what is published", () => expect(cell("2026-10-01", "2026-10", draft, published)).toMatchObject({ working: false, source: "public", name: "N" }));
  it("then its weekday", () => expect([cell("2026-11-22", "2026-11", draft, undefined).working, cell("2026-11-24", "2026-11", draft, undefined).working]).toEqual([false, true]));
  it("is no public holiday for a factory that does not follow them", () => expect(cell("2026-10-01", "2026-10", { ...draft, public_holidays: false }, published).working).toBe(true));
  it("is turned around, and back", () => {
    const once = turned(draft, cell("2026-11-22", "2026-11", draft, undefined));
    expect(once[0]).toEqual({ date: "2026-11-22", kind: "working", name: null });
    expect(turned({ ...draft, days: once }, cell("2026-11-22", "2026-11", { ...draft, days: once }, undefined))).toEqual(draft.days);
  });
});

describe("a file of days", () => {
  it("is a table with dates, spans and kinds", () => expect(read("\ufeff日期,类型,名称\r\n2027-01-01,休,元旦\n2027/2/6,2027/2/7,补班,春节\nsoon,休\n2027-02-30,休\n")).toEqual({
    days: [{ date: "2027-01-01", kind: "holiday", name: "元旦" }, { date: "2027-02-06", kind: "working", name: "春节" }, { date: "2027-02-07", kind: "working", name: "春节" }],
    rejected: ["soon,休", "2027-02-30,休"],
  }));
  it("is a calendar file, whose end is the day after", () => expect(read("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20271001\r\nDTEND;VALUE=DATE:20271003\r\nSUMMARY:国庆\r\n 节\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20271009T000000Z\r\nSUMMARY:国庆节 补班\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:lost\r\nEND:VEVENT\r\nEND:VCALENDAR")).toEqual({
    days: [{ date: "2027-10-01", kind: "holiday", name: "国庆节" }, { date: "2027-10-02", kind: "holiday", name: "国庆节" }, { date: "2027-10-09", kind: "working", name: "国庆节 补班" }],
    rejected: ["lost"],
  }));
  it("takes the place of days known before", () => expect(merged(draft.days, [{ date: "2026-11-23", kind: "working", name: null }, { date: "2026-01-01", kind: "holiday", name: null }]).map((one) => [one.date, one.kind])).toEqual([["2026-01-01", "holiday"], ["2026-11-23", "working"]]));
});
