import { get } from "@/api/client";
import type { Customer, Item, Page } from "@/api/models";

const PHONE = /^[\d\s+-]{3,}$/;
/** Customers by phone where digits look like one, else (or when nobody has it) by name, pinyin or credit code. */
export async function findCustomers(text: string): Promise<Customer[]> {
  const ask = async (by: { phone: string } | { q: string }): Promise<Customer[]> => (await get<Page<Customer>>("/customers", { page_size: 8, ...by })).items;
  const called = PHONE.test(text) ? await ask({ phone: text }) : [];
  return called.length ? called : ask({ q: text });
}
export const findItems = async (text: string): Promise<Item[]> => (await get<Page<Item>>("/items", { q: text, page_size: 10 })).items.filter((item) => item.active);
