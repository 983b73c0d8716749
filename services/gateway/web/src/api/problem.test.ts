import { expect, test } from "vitest";
import { explain, problemOf } from "./problem";

const answer = (body: object): Response => new Response(JSON.stringify(body), { status: 422 });

test("wrong fields are told once each and in words, without their names in the protocol", async () => {
  const errors = [0, 1].map((n) => ({ field: `addresses.${n}`, reason: "NOT_A_NETWORK", message: "不是 IP 地址或网段" }));
  const said = await problemOf(answer({ reason: "INVALID_REQUEST", title: "填写的内容有误", detail: "请检查：addresses.0、addresses.1", errors }));
  expect(explain(said)).toBe("填写的内容有误；不是 IP 地址或网段");
});

test("what a refusal adds to its title is told", async () => {
  const said = await problemOf(answer({ reason: "ITEM_SHORT", title: "缺料", detail: "铜线差 5m", errors: [] }));
  expect(explain(said)).toBe("铜线差 5m");
});
