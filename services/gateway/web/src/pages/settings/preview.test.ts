import { describe, expect, it } from "vitest";
import { filled, isNamed } from "./preview";

describe("a message tried on an example", () => {
  const data = { order_number: "SO1", note: "", lines: [{ item_name: "M", quantity: "2" }, { item_code: "C", quantity: "5" }] };
  it("fills fields, defaults and lists", () => expect(filled("{order_number}: {lines} ({note|none})", data)).toEqual({ text: "SO1: M\u00d72\u3001C\u00d75 (none)", unknown: [] }));
  it("names fields the event does not have", () => expect(filled("{order_numbr}", data).unknown).toEqual(["order_numbr"]));
  it("knows a template of the house by its bare name", () => expect([isNamed("order_submitted"), isNamed("{order_number}")]).toEqual([true, false]));
});
