import { expect, test } from "vitest";
import type { LineForm } from "./entry";
import { unfinishedOf } from "./unfinished";

const motor = { code: "A-MOTOR", name: "A电机", unit: "台", supply: "make", whole_units: true, aliases: [], active: true, lead_time_days: 0 };
const line = (known: Partial<LineForm>): LineForm => ({ key: 1, text: "", item: null, quantity: "", price: "", due: "", hint: "", alarm: false, ...known });

test("a line begun and not finished is named, an untouched one is not", () => {
  const lines = [line({ item: motor, text: "A电机", quantity: "2" }), line({ text: "A-MOT" }), line({ item: motor, text: "A电机" }), line({ quantity: "3" }), line({ due: "2026-12-01" }), line({})];
  expect(unfinishedOf(lines)).toEqual([1, 2, 3, 4]);
});
