import { describe, expect, it } from "vitest";
import type { Entry } from "@/offline/store";
import { amountsOf } from "./refused";

const entry = (kind: Entry["kind"], ...quantities: string[]): Entry => ({
  id: "1", seq: 1, kind, path: "/issues", label: "", at: "", result: "rejected", message: "", reason: "OVER_ISSUE", judgedAt: null,
  body: { production_order: "PO1", lines: quantities.map((quantity, index) => ({ item_code: `I${index}`, quantity })) },
});

describe("an issue that was turned away", () => {
  it("gives its amounts back to the form of its job", () => {
    expect(amountsOf(entry("issue", "5", "2.5"), "PO1")).toEqual({ back: false, amounts: { I0: "5", I1: "2.5" } });
  });
  it("stays a return when it was one", () => {
    expect(amountsOf(entry("issue", "-5"), "PO1")).toEqual({ back: true, amounts: { I0: "5" } });
  });
  it("says nothing about another job, another kind or nothing at all", () => {
    expect(amountsOf(entry("issue", "5"), "PO2")).toBeNull();
    expect(amountsOf(entry("receipt"), "PO1")).toBeNull();
    expect(amountsOf(null, "PO1")).toBeNull();
  });
});
