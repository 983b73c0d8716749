import type { Contact, Customer } from "@/api/models";

/** A customer while a person writes it; `id` is empty while it is new. */
export interface CustomerDraft { id: string; version: number; name: string; tier: string; credit_code: string; invoice_policy: string; contacts: { name: string; phone: string }[] }
/** Phones are looked up whole, and few times a minute: what is shorter is looked for in names. */
export const WHOLE_PHONE = /^[\d\s+-]{7,}$/;

export const blank = (): CustomerDraft => ({ id: "", version: 0, name: "", tier: "", credit_code: "", invoice_policy: "when_complete", contacts: [{ name: "", phone: "" }] });
export const formOf = (one: Customer): CustomerDraft => ({
  id: one.id, version: one.version, name: one.name, tier: one.tier ?? "", credit_code: one.credit_code ?? "",
  invoice_policy: one.invoice_policy ?? "when_complete", contacts: one.contacts.length ? one.contacts.map((contact: Contact) => ({ name: contact.name ?? "", phone: contact.phone ?? "" })) : [{ name: "", phone: "" }],
});

/** What is sent: rows nobody filled in are left out. */
export function bodyOf(form: CustomerDraft): object {
  const contacts = form.contacts.map((one) => ({ name: one.name.trim() || form.name.trim(), phone: one.phone.trim(), typed: one.name.trim() + one.phone.trim() })).filter((one) => one.typed);
  return { name: form.name.trim(), tier: form.tier.trim(), credit_code: form.credit_code.trim(), invoice_policy: form.invoice_policy, contacts: contacts.map(({ name, phone }) => ({ name, phone })) };
}

/** What is kept of a person: one value and the place it is kept at. */
export interface Kept { customer_id: string; complete: boolean; items: { place: string; ref: string; field: string; value: string }[] }
/** A contact as the server is asked for them; below zero everybody at the customer. */
export const personOf = (one: Customer, n: number): { name?: string; phone?: string } => (n < 0 ? {} : { name: one.contacts[n]?.name ?? "", phone: one.contacts[n]?.phone ?? "" });
