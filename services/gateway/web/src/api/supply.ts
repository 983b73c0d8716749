// What is short and what suppliers bring, as this client reads it. Quantities are decimal texts.
export interface Waiting { order_number: string; production_order_number: string | null; line_no: number; customer_name: string | null; short: string; due_date: string | null; urgency: string | null }
export interface Coming { production_order_number: string | null; expected_receipt_number: string | null; supplier: string | null; quantity: string; due_date: string | null; late: boolean }
export interface ItemShortage {
  item_code: string; item_name: string | null; unit: string; supply: string; short: string; expected: string; to_order: string; needed_by: string | null;
  order_by: string | null; overdue: boolean; lead_time_days: number; waiting: Waiting[]; waiting_count: number; receipts: Coming[];
}
export interface ExpectedReceipt {
  id: string; number: string; item_code: string; item_name: string | null; unit: string; quantity: string; received_quantity: string; open_quantity: string;
  due_date: string; supplier: string | null; reference: string | null; note: string | null; state: string; late: boolean; version: number;
}
/** What a person tells of a delivery; `number` is empty while it is new. */
export interface Announced { number: string; version: number; item_code: string; text: string; unit: string; quantity: string; due_date: string; supplier: string; reference: string; note: string; cancelled: boolean }
