import { describe, expect, it } from "vitest";
import { drafted, rulesOf, same, wrong, type FloorRules } from "./floor";

const rules: FloorRules = { scan_policy: "record", bounce_seconds: 2, acknowledge_minutes: 15 };
const typed = (bounce_seconds: string, acknowledge_minutes = "15") => ({ ...drafted(rules), bounce_seconds, acknowledge_minutes });

describe("the floor's rules", () => {
  it("come back as they were drafted", () => expect(rulesOf(drafted(rules))).toEqual(rules));
  it("take whole numbers within their range", () => expect([wrong(typed("0", "10080")), wrong(typed("60", "0"))]).toEqual([[], []]));
  it("name what is out of range or no number", () => expect([wrong(typed("61", "10081")), wrong(typed("1.5")), wrong(typed("-1")), wrong(typed("", "x"))]).toEqual([["bounce_seconds", "acknowledge_minutes"], ["bounce_seconds"], ["bounce_seconds"], ["bounce_seconds", "acknowledge_minutes"]]));
  it("are not sent while something is wrong", () => expect(rulesOf(typed("x"))).toBeNull());
  it("are the same until a value changes", () => expect([same(typed(" 2 "), rules), same(typed("3"), rules), same({ ...drafted(rules), scan_policy: "strict" }, rules)]).toEqual([true, false, false]));
});
