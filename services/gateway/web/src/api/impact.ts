import { get, post } from "./client";
import type { LinePromise, Shortage } from "./models";

export interface Explained {
  item_code: string; item_name: string | null; short: string; unit: string; available: string; lead_time_days: number;
  holders: { order_number: string; production_order_number: string | null; reserved: string; urgency: string | null; due_date: string | null; could_give_way: boolean }[];
  expected: { production_order_number: string; quantity: string; due_date: string | null; state: string }[];
  alternates: { item_code: string; item_name: string | null; ratio: string; available: string; unit: string }[];
}
export interface Displaced { order_number: string; production_order_number: string | null; line_no: number; item_code: string; item_name: string | null; quantity: string; unit: string; urgency: string | null; due_date: string | null }
export interface Rush { order_number: string; shortages: Shortage[]; displaced: Displaced[]; promised_date: string | null; promised_date_now: string | null }
export interface Change { kind: string; line_no: number; production_order_number: string | null; item_code: string; item_name: string | null; quantity_before: string; quantity_after: string; unit: string; state: string | null }
export interface ChangeImpact { order_number: string; changes: Change[]; shortages: Shortage[]; lines: LinePromise[]; unplanned_lines: { line_no: number; message: string }[] }

export const explained = async (order: string): Promise<Explained[]> => (await get<{ items: Explained[] }>(`/orders/${order}/shortages`)).items;
export const rush = (order: string): Promise<Rush> => get<Rush>(`/orders/${order}/rush-preview`);
export const changeImpact = (order: string, lines: { line_no: number; quantity: string }[], key: string): Promise<ChangeImpact> => post<ChangeImpact>(`/orders/${order}:preview_change`, { lines }, key);
