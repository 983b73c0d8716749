import { get } from "@/api/client";
import type { Item, Page } from "@/api/models";
import type { Announced, ExpectedReceipt } from "@/api/supply";

/** A form to fill in: what is known already, the rest empty. */
export const announced = (known: Partial<Announced> = {}): Announced => ({ number: "", version: 0, item_code: "", text: "", unit: "", quantity: "", due_date: "", supplier: "", reference: "", note: "", cancelled: false, ...known });

export const of = (one: ExpectedReceipt): Announced => announced({
  number: one.number, version: one.version, item_code: one.item_code, text: one.item_name ?? one.item_code, unit: one.unit, quantity: one.quantity, due_date: one.due_date,
  supplier: one.supplier ?? "", reference: one.reference ?? "", note: one.note ?? "", cancelled: one.state === "cancelled",
});

export const bought = async (text: string): Promise<Item[]> => (await get<Page<Item>>("/items", { q: text, page_size: 10 })).items;
