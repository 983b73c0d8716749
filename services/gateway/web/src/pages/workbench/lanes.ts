import { get, post } from "@/api/client";
import type { InvoiceTask, Order, Page, ProductionOrder } from "@/api/models";
import { at, civilDate, due, isMore, minus, scaled } from "@/format";
import type { Refusal } from "@/pages/refused/refused";
import { words } from "@/strings.zh";

export interface Act { label: string; run: (key: string) => Promise<unknown>; done: string }
export interface Waiting { id: string; title: string; note: string; urgency: string | null; due: string; to: string; act?: Act; alarm?: string }
export interface Lane { code: string; title: string; all: string; roles: string[]; load: () => Promise<{ items: Waiting[]; more: boolean }> }

const SALES = ["sales", "sales_supervisor"];
const PLANNING = ["planner", "planning_supervisor"];
const t = words.workbench;

function ofOrder(order: Order, act?: Act): Waiting {
  const items = order.lines.slice(0, 2).map((line) => `${line.item_name ?? line.item_code}×${line.quantity}${line.unit}`).join("、");
  const more = order.lines.length > 2 ? ` ${words.orders.more(order.lines.length)}` : "";
  return { id: order.id, title: order.number, note: `${order.customer?.name ?? ""} · ${items}${more}`, urgency: order.urgency, due: due(order.due_date), to: `/orders/${order.number}`, act };
}
function ofMake(job: ProductionOrder, to: string, note?: string, act?: Act): Waiting {
  const what = `${job.item_name ?? job.item_code} ${job.quantity}${job.unit}`;
  return { id: job.id, title: job.number, note: note ? `${what} · ${note}` : what, urgency: job.urgency, due: due(job.due_date), to, act, alarm: job.banner ?? undefined };
}
const moved = (order: Order, move: string, body: object = {}): Act => ({
  label: words.moves[move] ?? move, done: words.moveDone(order.number, words.moves[move] ?? move), run: (key) => post(`/orders/${order.number}:${move}`, body, key),
});
async function orders(query: Record<string, string>, act?: (order: Order) => Act | undefined): Promise<{ items: Waiting[]; more: boolean }> {
  const page = await get<Page<Order>>("/orders", { page_size: 50, ...query });
  return { items: page.items.map((order) => ofOrder(order, act?.(order))), more: Boolean(page.next_page_token) };
}
async function jobs(query: Record<string, string>, show: (job: ProductionOrder) => Waiting | null): Promise<{ items: Waiting[]; more: boolean }> {
  const page = await get<Page<ProductionOrder>>("/production-orders", { page_size: 50, sort: "priority", ...query });
  return { items: page.items.map(show).filter((item): item is Waiting => item !== null), more: Boolean(page.next_page_token) };
}
const dispatch = (job: ProductionOrder): Act => ({ label: words.moves.dispatch ?? "", done: words.moveDone(job.number, words.moves.dispatch ?? ""), run: (key) => post(`/production-orders/${job.number}:dispatch`, {}, key) });

async function shippable(): Promise<{ items: Waiting[]; more: boolean }> {
  const pages = await Promise.all(["in_production", "part_shipped", "planned"].map((state) => get<Page<Order>>("/orders", { state, page_size: 50 })));
  const ready = pages.flatMap((page) => page.items).map((order) => {
    const lines = order.lines.filter((line) => isMore(line.received_quantity, line.shipped_quantity)).length;
    return lines ? { ...ofOrder(order), note: `${order.customer?.name ?? ""} · ${t.shippable(String(lines))}`, to: `/warehouse?code=${order.number}` } : null;
  });
  return { items: ready.filter((item): item is Waiting => item !== null), more: pages.some((page) => page.next_page_token) };
}
async function late(): Promise<{ items: Waiting[]; more: boolean }> {
  return orders({ due_before: civilDate(), state: "open" });
}
async function invoices(): Promise<{ items: Waiting[]; more: boolean }> {
  const page = await get<Page<InvoiceTask>>("/invoice-tasks", { state: "open", page_size: 50 });
  const items = page.items.map((task) => ({ id: task.id, title: task.order_number, urgency: null, due: "", to: "/finance", note: [task.customer_name, ...task.lines.map((line) => `${line.item_name ?? line.item_code}×${line.quantity}`)].filter(Boolean).join(" · ") }));
  return { items, more: Boolean(page.next_page_token) };
}
async function refused(): Promise<{ items: Waiting[]; more: boolean }> {
  const page = await get<Page<Refusal>>("/refusals", { page_size: 20 });
  const items = page.items.map((one) => ({ id: one.id, title: one.source === "form" ? one.sent.company || words.refused.nobody : one.label, urgency: null, due: at(one.last_at), to: "/refused", note: [one.sent.phone, one.errors[0]?.message ?? one.title].filter(Boolean).join(" · ") }));
  return { items, more: Boolean(page.next_page_token) };
}
function receivable(job: ProductionOrder): Waiting | null {
  const open = minus(job.passed_quantity, job.received_quantity);
  return scaled(open) > 0n ? ofMake(job, `/warehouse?code=${job.number}`, t.receivable(open, job.unit)) : null;
}
const awaitingCheck = (job: ProductionOrder): Waiting | null => (scaled(job.passed_quantity) > 0n ? null : ofMake(job, `/floor?job=${job.number}`));

/** What can wait for somebody, in the order it should be seen; each lane names whom it concerns. */
export const LANES: Lane[] = [
  { code: "capacity", title: t.lanes.capacity, all: "/orders?state=needs_capacity_confirmation", roles: PLANNING, load: () => orders({ state: "needs_capacity_confirmation" }, (order) => moved(order, "confirm_capacity")) },
  { code: "duplicate", title: t.lanes.duplicate, all: "/orders?state=suspected_duplicate", roles: SALES, load: () => orders({ state: "suspected_duplicate" }, (order) => moved(order, "release_duplicate")) },
  { code: "refused", title: t.lanes.refused, all: "/refused", roles: [...SALES, "clerk", "planner", "planning_supervisor"], load: refused },
  { code: "submitted", title: t.lanes.submitted, all: "/orders?state=submitted", roles: [...SALES, "clerk"], load: () => orders({ state: "submitted" }, (order) => (order.allowed.includes("confirm") ? moved(order, "confirm") : undefined)) },
  { code: "confirmed", title: t.lanes.confirmed, all: "/planning", roles: PLANNING, load: () => orders({ state: "confirmed" }, (order) => moved(order, "plan")) },
  { code: "short", title: t.lanes.short, all: "/planning?tab=orders&short=1", roles: [...PLANNING, "manager"], load: () => jobs({}, (job) => (job.banner ? ofMake(job, `/orders/${job.order_number}`) : null)) },
  { code: "dispatch", title: t.lanes.dispatch, all: "/planning?tab=orders&state=created", roles: PLANNING, load: () => jobs({ state: "created" }, (job) => ofMake(job, `/orders/${job.order_number}`, undefined, dispatch(job))) },
  { code: "mine", title: t.lanes.mine, all: "/floor", roles: ["team_leader"], load: () => jobs({ state: "in_progress" }, (job) => ofMake(job, `/floor?job=${job.number}`)) },
  { code: "inspect", title: t.lanes.inspect, all: "/floor", roles: ["team_leader", ...PLANNING], load: () => jobs({ state: "awaiting_inspection" }, awaitingCheck) },
  { code: "receive", title: t.lanes.receive, all: "/warehouse", roles: ["warehouse"], load: () => jobs({ state: "awaiting_inspection" }, receivable) },
  { code: "ship", title: t.lanes.ship, all: "/warehouse", roles: ["warehouse"], load: shippable },
  { code: "invoice", title: t.lanes.invoice, all: "/finance", roles: ["finance"], load: invoices },
  { code: "red", title: t.lanes.red, all: "/orders?urgency=red&state=open", roles: ["manager", ...SALES], load: () => orders({ urgency: "red", state: "open" }) },
  { code: "late", title: t.lanes.late, all: `/orders?due_before=${civilDate()}&state=open`, roles: ["manager", "sales_supervisor"], load: late },
  { code: "held", title: t.lanes.held, all: "/orders?state=on_hold", roles: ["manager", ...SALES, ...PLANNING], load: () => orders({ state: "on_hold" }, (order) => moved(order, "resume")) },
];
