import { describe, expect, it } from "vitest";
import { fieldName } from "./refused";

const names = { phone: "手机号", quantity: "数量" };
const said = (field: string): string => fieldName(field, names, (n) => `第 ${n} 行`);

describe("a field as people call it", () => {
  it.each([["phone", "手机号"], ["lines.0.quantity", "第 1 行 数量"], ["lines.11", "第 12 行"], ["3 A-MOTOR X", "3 A-MOTOR X"], ["lines.2.colour", "第 3 行 colour"]])("%s", (field, text) => { expect(said(field)).toBe(text); });
});
