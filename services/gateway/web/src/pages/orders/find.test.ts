import { expect, test, vi } from "vitest";
import { findCustomers } from "./find";

const asked: string[] = [];
vi.mock("@/api/client", () => ({
  get: vi.fn((_path: string, by: { phone?: string; q?: string }) => {
    asked.push(by.phone ? `phone ${by.phone}` : `q ${by.q}`);
    return Promise.resolve({ items: by.phone === "13800000000" || by.q === "1688" ? [{ name: by.q ?? by.phone }] : [] });
  }),
}));

test("digits are a phone first, and part of a name when nobody has it", async () => {
  expect((await findCustomers("13800000000")).map((one) => one.name)).toEqual(["13800000000"]);
  expect((await findCustomers("1688")).map((one) => one.name)).toEqual(["1688"]);
  expect(await findCustomers("钱")).toEqual([]);
  expect(asked).toEqual(["phone 13800000000", "phone 1688", "q 1688", "q 钱"]);
});
