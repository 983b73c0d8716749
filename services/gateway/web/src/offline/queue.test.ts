// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { User } from "@/api/models";
import { connection } from "@/state/connection";
import { session } from "@/state/session";

const asked: { path: string; body: Record<string, unknown>; key?: string }[] = [];
let answer: (path: string, body: Record<string, unknown>) => Response;
vi.mock("@/api/client", () => ({
  mint: () => crypto.randomUUID(),
  ask: async (_method: string, path: string, options: { body: Record<string, unknown>; key?: string }) => { asked.push({ path, body: options.body, key: options.key }); return answer(path, options.body); },
}));
const { add, clearDone, drain, entries, heldBack, overridable, override, report, restore, waiting } = await import("./queue");

const said = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const verdicts = (_path: string, body: Record<string, unknown>): Response => said(200, { items: (body.scans as { scan_id: string; code: string }[]).map((scan) => ({ scan_id: scan.scan_id, result: scan.code === "BAD" ? "rejected" : "applied", message: scan.code, reason: null })) });

beforeEach(() => { entries.value = []; asked.length = 0; connection.online = false; answer = verdicts; });
const online = async (): Promise<void> => { connection.online = true; await drain(); };

describe("the queue of a device without a network", () => {
  it("sends nothing while offline and everything once, in order, with ids of the device", async () => {
    for (const code of ["A", "BAD", "C"]) await report({ code, action: "finish", quantity: "1" }, code);
    expect([asked.length, waiting.value.length]).toEqual([0, 3]);
    await online();
    expect(asked.map((one) => (one.body.scans as { code: string }[]).map((scan) => scan.code))).toEqual([["A", "BAD", "C"]]);
    expect(entries.value.map((entry) => entry.result)).toEqual(["applied", "rejected", "applied"]);
    await drain();
    expect(asked).toHaveLength(1);
  });
  it("keeps the order between scans and goods, each under its own key", async () => {
    await report({ code: "A", action: "finish", quantity: "1" }, "A");
    const issue = await add("issue", "/issues", { production_order: "PO1", lines: [] }, "issue");
    await report({ code: "B", action: "finish", quantity: "1" }, "B");
    answer = (path, body) => (path === "/issues" ? said(201, {}) : verdicts(path, body));
    await online();
    expect(asked.map((one) => one.path)).toEqual(["/scans:batch", "/issues", "/scans:batch"]);
    expect([asked[1]?.key, asked[1]?.body.scan_id]).toEqual([issue.id, issue.id]);
  });
  it.each([503, 429, 401])("waits when the server says %i, and sends the same ids again", async (status) => {
    await report({ code: "A", action: "finish", quantity: "1" }, "A");
    answer = () => said(status, {});
    await online();
    expect(waiting.value).toHaveLength(1);
    answer = verdicts;
    await drain();
    expect(asked.map((one) => (one.body.scans as { scan_id: string }[])[0]?.scan_id)).toEqual([entries.value[0]?.id, entries.value[0]?.id]);
    expect(waiting.value).toHaveLength(0);
  });
  it("leaves what an earlier enrolment of this device scanned to a person who signs in", async () => {
    const old = await report({ code: "OLD", action: "finish", quantity: "1" }, "OLD");
    session.device = { device_id: "fresh", token: "t" };
    localStorage.setItem("orderhub.device", "fresh");
    await report({ code: "NEW", action: "finish", quantity: "1" }, "NEW");
    await online();
    expect([heldBack.value.map((one) => one.id), entries.value.map((one) => one.result)]).toEqual([[old.id], ["waiting", "applied"]]);
    session.user = { username: "keeper", roles: ["warehouse"] } as unknown as User;
    await drain();
    expect([heldBack.value, asked.at(-1)?.body.scans]).toMatchObject([[], [{ code: "OLD", scan_id: old.id, device_id: old.body.device_id }]]);
    [session.user, session.device] = [null, null];
  });
  it("lists a refusal and goes on", async () => {
    await add("receipt", "/receipts", { production_order: "PO1", quantity: "9" }, "too many");
    await add("receipt", "/receipts", { production_order: "PO1", quantity: "1" }, "right");
    answer = (_path, body) => (body.quantity === "9" ? said(409, { title: "OVER", reason: "OVER_RECEIPT" }) : said(201, {}));
    await online();
    expect(entries.value.map((entry) => [entry.result, entry.reason])).toEqual([["conflict", "OVER_RECEIPT"], ["applied", null]]);
  });
  it("takes verdicts off the list and brings them back, each in its place", async () => {
    const first = await report({ code: "A", action: "finish", quantity: "1" }, "A");
    await online();
    connection.online = false;
    await report({ code: "B", action: "finish", quantity: "1" }, "B");
    const gone = await clearDone();
    expect([gone.map((one) => one.id), entries.value.map((one) => one.label)]).toEqual([[first.id], ["B"]]);
    await restore(gone);
    expect(entries.value.map((one) => one.label)).toEqual(["A", "B"]);
  });
  it("sends what a supervisor lets through under an id of its own, in place of the refusal", async () => {
    const refused = await add("issue", "/issues", { production_order: "PO1", lines: [] }, "too many");
    answer = (_path, body) => (body.override_reason ? said(201, {}) : said(409, { title: "OVER", reason: "OVER_ISSUE" }));
    await online();
    const [kept] = entries.value;
    expect(kept && overridable(kept)).toBe(true);
    if (kept) await override(kept, "why");
    await drain();
    await vi.waitFor(() => expect(entries.value.map((entry) => [entry.result, entry.reason])).toEqual([["applied", null]]));
    expect(asked.at(-1)?.body).toMatchObject({ production_order: "PO1", override_reason: "why" });
    expect(asked.at(-1)?.key).not.toBe(refused.id);
  });
});
