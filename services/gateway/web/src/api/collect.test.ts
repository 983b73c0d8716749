import { afterEach, expect, test, vi } from "vitest";
import { collect } from "./collect";

const answered: string[] = [];
vi.mock("./client", () => ({
  get: vi.fn((_path: string, query: { page_token?: string }) => {
    answered.push(query.page_token ?? "first");
    const n = Number(query.page_token ?? 0);
    return Promise.resolve({ items: [n * 2, n * 2 + 1], next_page_token: n < 2 ? String(n + 1) : null });
  }),
}));
afterEach(() => { answered.length = 0; });

test("every page is taken once and in order", async () => {
  await expect(collect<number>("/orders", { state: "open" })).resolves.toEqual({ rows: [0, 1, 2, 3, 4, 5], more: false });
  expect(answered).toEqual(["first", "1", "2"]);
});

test("a list longer than allowed is cut and says so", async () => {
  await expect(collect<number>("/orders", {}, 3)).resolves.toEqual({ rows: [0, 1, 2], more: true });
  expect(answered).toEqual(["first", "1"]);
});
