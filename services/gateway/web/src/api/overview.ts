import { get } from "./client";
import type { InvoiceTask, Notification, Order, PickLine, ProductionOrder, Shipment, Shortage, TimelineEntry } from "./models";

/** One order and everything that hangs on it; a part whose service is away is null and named in `unavailable`. */
export interface Overview {
  order: Order; correlation_id: string | null; production_orders: ProductionOrder[] | null; pick_list: PickLine[] | null; shortages: Shortage[] | null;
  unplanned_lines: { line_no: number; reason: string; message: string }[] | null; shipments: Shipment[] | null; invoice_tasks: InvoiceTask[] | null;
  notifications: Notification[] | null; timeline: TimelineEntry[] | null; receipts: unknown[] | null; unavailable: string[];
}
export const overview = (order: string): Promise<Overview> => get<Overview>(`/orders/${encodeURIComponent(order)}/overview`);
