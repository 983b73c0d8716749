import { computed, reactive, ref, shallowRef, type ComputedRef } from "vue";
import { get } from "@/api/client";
import type { CapacityRule, Customer, Explosion, Item, Order, OrderDraft, Page, Stock, Urgency } from "@/api/models";
import { civilDate, cleanQuantity, isMore, scaled } from "@/format";
import { undoable } from "@/composables/useUndo";
import { words } from "@/strings.zh";
import { unfinishedOf } from "./unfinished";

const USUAL_NOTICE_DAYS = 3; // until the server has said its rule
const SCALE = 10n ** 9n;
export interface LineForm { key: number; text: string; item: Item | null; quantity: string; price: string; due: string; hint: string; alarm: boolean }

let made = 0;
const blank = (): LineForm => ({ key: (made += 1), text: "", item: null, quantity: "", price: "", due: "", hint: "", alarm: false });

function emptyForm(owner: string) {
  return {
    customer: null as Customer | null, customerText: "", contact: "", phone: "", channel: "phone", ref: "", due: civilDate(7), urgency: "green" as Urgency,
    owner, note: "", intent: false, confirm: false, shipOnReceipt: false, attachments: [] as string[], lines: [blank()] as LineForm[],
  };
}
type Form = ReturnType<typeof emptyForm>;

/** The order a person is typing, and what the system already knows about it. */
export function useEntry(owner: string) {
  const form = reactive(emptyForm(owner));
  const recent = shallowRef<Order[]>([]);
  const startedAt = ref(Date.now());
  const safeFrom = ref<string | null>(civilDate(USUAL_NOTICE_DAYS));
  void get<CapacityRule>("/settings/capacity-rule").then((rule) => { safeFrom.value = rule.safe_from; }).catch(() => undefined);
  const filled = computed(() => form.lines.filter((line) => line.item && cleanQuantity(line.quantity)));
  const unfinished = computed(() => unfinishedOf(form.lines));

  async function choose(customer: Customer): Promise<void> {
    form.customer = customer;
    form.customerText = customer.name;
    const [first] = customer.contacts;
    [form.contact, form.phone] = [first?.name ?? "", first?.phone ?? ""];
    recent.value = (await get<Page<Order>>("/orders", { customer_id: customer.id, page_size: 5 })).items;
  }
  function repeat(order: Order): void {
    form.lines = order.lines.map((line) => ({ ...blank(), text: line.item_name ?? line.item_code, quantity: line.quantity, item: { code: line.item_code, name: line.item_name ?? line.item_code, unit: line.unit, supply: "", whole_units: false, aliases: [], active: true, lead_time_days: 0 } }));
    void foreseeAll(form.lines);
  }
  return {
    form, recent, startedAt, filled, unfinished, choose, repeat, begun: () => Boolean(form.customerText || form.note || form.ref || form.attachments.length) || form.lines.some((line) => line.text || line.quantity), warnings: warningsOf(form, recent, filled, safeFrom),
    addLine: () => { form.lines.push(blank()); },
    removeLine: (key: number) => {
      const n = form.lines.findIndex((line) => line.key === key);
      const [gone] = form.lines.splice(n, 1);
      if (!form.lines.length) form.lines.push(blank());
      if (gone && (gone.text || gone.quantity)) undoable(words.entry.lineGone(n + 1, gone.text), () => { form.lines.splice(n, 0, gone); });
    },
    draft: () => draftOf(form, filled.value),
  };
}

function warningsOf(form: Form, recent: { value: Order[] }, filled: ComputedRef<LineForm[]>, safeFrom: { value: string | null }): ComputedRef<{ text: string; stop: boolean }[]> {
  return computed(() => {
    const found: { text: string; stop: boolean }[] = [];
    if (form.due && form.due < civilDate()) found.push({ text: words.entry.past, stop: true });
    else if ([form.due, ...filled.value.map((line) => line.due)].some((due) => due && safeFrom.value && due < safeFrom.value)) found.push({ text: words.entry.capacity, stop: false });
    const codes = filled.value.map((line) => line.item!.code);
    if (new Set(codes).size < codes.length) found.push({ text: words.entry.doubled, stop: false });
    const twin = recent.value.find((order) => order.due_date === form.due && order.state !== "cancelled" && codes.length > 0 && codes.every((code) => order.lines.some((line) => line.item_code === code)));
    if (twin) found.push({ text: words.entry.same(twin.number), stop: false });
    return found;
  });
}

function draftOf(form: Form, lines: LineForm[]): OrderDraft {
  return {
    customer_id: form.customer?.id ?? "", channel: form.channel, due_date: form.due, urgency: form.urgency, kind: form.intent ? "intent" : "firm", ship_on_receipt: form.shipOnReceipt,
    attachment_ids: form.attachments, confirm: form.confirm, ...(form.contact || form.phone ? { contact: { name: form.contact, phone: form.phone } } : {}),
    ...(form.ref.trim() ? { source_ref: form.ref.trim() } : {}), ...(form.owner.trim() ? { sales_owner: form.owner.trim() } : {}), ...(form.note.trim() ? { note: form.note.trim() } : {}),
    lines: lines.map((line) => ({ item_code: line.item!.code, quantity: cleanQuantity(line.quantity), ...(line.due ? { due_date: line.due } : {}), ...(line.price ? { unit_price: line.price } : {}) })),
  };
}

/** Says under a line whether it can be met: from stock, to make, or short of what. Advice only; the server decides. */
export async function foresee(line: LineForm): Promise<void> {
  // What is typed stays as it is: an answer may come while somebody stands behind the point of 1.5.
  const asked = (): string => [line.item?.code, cleanQuantity(line.quantity)].join();
  const before = asked();
  [line.hint, line.alarm] = ["", false];
  const found = await foreseen(line.item, cleanQuantity(line.quantity)).catch(() => null);
  if (found && asked() === before) [line.hint, line.alarm] = [found.hint, found.alarm];
}

async function foreseen(item: Item | null, quantity: string): Promise<{ hint: string; alarm: boolean } | null> {
  if (!item || !quantity) return null;
  if (item.whole_units && scaled(quantity) % SCALE !== 0n) return { hint: words.entry.wholeUnits, alarm: true };
  const [stock] = (await get<Page<Stock>>("/stock", { item_code: item.code })).items;
  const available = stock?.available ?? "0";
  if (!isMore(quantity, available)) return { hint: words.entry.stockOk(available, item.unit), alarm: false };
  const part = { hint: words.entry.stockPart(available, item.unit), alarm: false };
  if (item.supply !== "make") return part;
  const explosion = await get<Explosion>(`/boms/${encodeURIComponent(item.code)}/explosion`, { quantity }).catch(() => null);
  if (!explosion) return part;
  const short = explosion.requirements.filter((need) => need.supply === "buy" && isMore(need.short, "0"));
  return { hint: short.map((need) => `${need.item_name ?? need.item_code} ${words.planning.shortBy} ${need.short}${need.unit}`).join("；") || words.entry.makeOk, alarm: short.length > 0 };
}

const AT_ONCE = 4;
/** Looks at many lines a few at a time, so that a long order leaves the network to what a person does meanwhile. */
export async function foreseeAll(lines: LineForm[]): Promise<void> {
  const waiting = [...lines];
  const work = async (): Promise<void> => { for (let line = waiting.shift(); line; line = waiting.shift()) await foresee(line); };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
