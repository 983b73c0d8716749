import { describe, expect, it } from "vitest";
import type { Operation, ProductionOrder } from "@/api/models";
import { fitting, openOperation, readTraveller, remaining, target, unjudged } from "./quantities";

const step = (sequence: number, good: string, scrap = "0", rework = "0", state = "started") => ({ sequence, good_quantity: good, scrap_quantity: scrap, rework_quantity: rework, state }) as Operation;
const job = (operations: Operation[], more: Partial<ProductionOrder> = {}) => ({ quantity: "4", state: "in_progress", passed_quantity: "0", rework_quantity: "0", scrapped_quantity: "0", operations, ...more }) as ProductionOrder;
const lefts = (one: ProductionOrder): string[] => one.operations.map((operation) => remaining(one, operation));

describe("what is left to report", () => {
  it("never counts what was lost at an operation before", () => {
    const one = job([step(10, "3", "1", "0", "done"), step(20, "0", "0", "0", "waiting")]);
    expect(lefts(one)).toEqual(["0", "3"]);
    expect(one.operations.map((operation) => target(one, operation))).toEqual(["4", "3"]);
  });
  it("counts what an inspection sent back, from where it goes back", () => {
    const one = job([step(10, "4"), step(20, "4", "0", "1"), step(30, "4")], { state: "rework" });
    expect([lefts(one)[1], lefts(one)[2], target(one, one.operations[1] as Operation)]).toEqual(["1", "1", "5"]);
  });
  it("is exact in decimals and never negative", () => {
    expect(lefts(job([step(10, "0.1", "0.2"), step(20, "9")], { quantity: "0.3" }))).toEqual(["0", "0"]);
  });
  it("lets a piece sent back pass although more was reported than came through", () => {
    const one = job([step(10, "3", "1", "0", "done"), step(20, "4", "0", "1", "done")], { state: "rework" });
    expect(openOperation(one)?.sequence).toBe(20);
    expect(remaining(one, openOperation(one))).toBe("1");
  });
});

describe("the operation in hand", () => {
  it("is the one scanned, else the first that is not done", () => {
    const one = job([step(10, "4", "0", "0", "done"), step(20, "0"), step(30, "0")]);
    expect([openOperation(one)?.sequence, openOperation(one, 30)?.sequence, openOperation(one, 99)?.sequence]).toEqual([20, 30, 20]);
  });
  it("is none when all is done", () => expect(openOperation(job([step(10, "4", "0", "0", "done")]))).toBeNull());
});

describe("what waits for the inspector", () => {
  it("counts reworked pieces once per round", () => {
    expect(unjudged(job([step(10, "4")], { passed_quantity: "2" }))).toBe("2");
    expect(unjudged(job([step(10, "5")], { passed_quantity: "3", rework_quantity: "1" }))).toBe("1");
    expect(unjudged(job([step(10, "4")], { passed_quantity: "3", scrapped_quantity: "1" }))).toBe("0");
  });
});

describe("figures beside each other", () => {
  it("make room for what is scrapped, and leave a smaller figure alone", () => expect([fitting("4", ["1"], "4"), fitting("2", ["1"], "4"), fitting("4", ["3", "2"], "4")]).toEqual(["3", "2", "0"]));
});

describe("a traveller's code", () => {
  it("names the job, a piece, an operation", () => {
    expect(readTraveller("PO20261122-0001-U7.20")).toEqual({ number: "PO20261122-0001", piece: true, sequence: 20 });
    expect(readTraveller("PO20261122-0001.20")).toEqual({ number: "PO20261122-0001", piece: false, sequence: 20 });
    expect(readTraveller("6901234567892")).toEqual({ number: "6901234567892", piece: false, sequence: null });
  });
});
