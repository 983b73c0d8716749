// The resources of /api/v1 as this client reads them. Quantities are decimal texts and never become floats.
export interface Warning { reason: string; message: string }
export interface Party { id: string; name: string }
export interface Contact { name: string | null; phone: string | null }
export interface User { username: string; display_name: string; roles: string[] }
export interface Page<T> { items: T[]; next_page_token: string | null }
export type Urgency = "red" | "yellow" | "green";

export interface OrderLine {
  line_no: number; item_code: string; item_name: string | null; quantity: string; unit: string; due_date: string | null;
  unit_price: string | null; planned_quantity: string; received_quantity: string; shipped_quantity: string;
  returned_quantity: string; invoiced_quantity: string; signed_quantity: string; cancelled_quantity: string; due_date_inherited: boolean;
}
export interface Order {
  id: string; number: string; state: string; state_text: string; customer: Party | null; customer_id: string | null; contact: Contact | null;
  channel: string; source_ref: string | null; due_date: string; urgency: Urgency; sales_owner: string | null; kind: string;
  ship_on_receipt: boolean; note: string | null; attachment_ids: string[]; warnings: Warning[]; lines: OrderLine[]; tracking_url: string | null;
  created_at: string; confirmed_at: string | null; updated_at: string | null; version: number; allowed: string[]; created_by: string | null;
  duplicate_of: string | null; reason: string | null; capacity_note: string | null;
}
export interface LineDraft { item_code: string; quantity: string; unit?: string; due_date?: string; unit_price?: string }
export interface OrderDraft {
  customer_id: string; contact?: { name: string; phone: string }; channel: string; source_ref?: string; due_date: string; urgency: Urgency;
  sales_owner?: string; kind: string; ship_on_receipt: boolean; note?: string; attachment_ids: string[]; confirm: boolean; lines: LineDraft[];
}
export interface Customer { id: string; name: string; tier: string | null; credit_code: string | null; contacts: Contact[]; version: number; created_at: string; invoice_policy: string | null; warnings?: { reason: string; message: string }[] }
export interface Item { code: string; name: string; unit: string; supply: string; whole_units: boolean; aliases: string[]; active: boolean; lead_time_days: number }
export interface Shortage { item_code: string; item_name: string | null; short: string; unit: string; message: string }
export interface Operation {
  sequence: number; code: string; name: string; work_center: string; state: string; good_quantity: string; scrap_quantity: string;
  started_at: string | null; finished_at: string | null; flags: string[]; rework_quantity: string;
}
export interface Component { item_code: string; item_name: string | null; required: string; reserved: string; issued: string; short: string; unit: string }
export interface ProductionOrder {
  id: string; number: string; state: string; state_text: string; order_number: string; line_no: number; parent_number: string | null;
  item_code: string; item_name: string | null; quantity: string; unit: string; routing_code: string | null; operations: Operation[];
  components: Component[]; shortages: Shortage[]; banner: string | null; scan_code: string; priority: number; urgency: Urgency | null;
  due_date: string | null; team: string | null; created_at: string; dispatched_at: string | null; passed_quantity: string | null;
  rework_quantity: string | null; scrapped_quantity: string | null; received_quantity: string | null; version: number; allowed: string[]; reason: string | null;
  bom_outdated: boolean; customer_name: string | null; pending_changes: PendingChange[];
}
export interface PendingChange { id: string; kind: string; message: string | null; raised_at: string | null; raised_by: string | null; escalated: boolean }
export interface PickLine { item_code: string; item_name: string | null; required: string; available: string; reserved: string; short: string; unit: string }
export interface Plan {
  order_number: string; production_orders: ProductionOrder[]; pick_list: PickLine[]; shortages: Shortage[];
  unplanned_lines: { line_no: number; reason: string; message: string }[]; planned?: boolean;
}
export interface PlanJobEntry { order: string | null; result: string; reason: string | null; message: string | null; shortage_count: number; unplanned_lines: { line_no: number; reason: string; message: string }[] }
export interface PlanJob { id: string; state: string; total_count: number; done_count: number; planned_count: number; short_count: number; failed_count: number; cancelled_count: number; entries: PlanJobEntry[] }
export interface LinePromise {
  line_no: number; item_code: string; item_name: string | null; quantity: string; unit: string; from_stock: string; to_make: string;
  producible_by: string | null; shortages: Shortage[]; reason: string | null; message: string | null; late: boolean;
}
export interface PromiseAnswer { order_number: string; lines: LinePromise[]; promised_date: string | null }
export interface Requirement { item_code: string; item_name: string | null; level: number; supply: string; required: string; unit: string; available: string | null; short: string | null }
export interface Explosion { item_code: string; quantity: string; date: string; requirements: Requirement[] }
export interface Stock { item_code: string; item_name: string | null; unit: string; on_hand: string; reserved: string; quarantined: string; available: string; safety_stock: string | null; waiting: string | null; expected: string | null }
export interface LedgerEntry { movement_id: string; kind: string; quantity: string; unit: string | null; ref: string | null; actor: string | null; at: string; reason: string | null; balance: string | null }
export interface ScanBody {
  scan_id: string; code: string; device_id: string; occurred_at: string; action: "start" | "finish";
  operation_sequence?: number; quantity?: string; scrap?: string;
}
export interface Verdict {
  scan_id: string; result: "applied" | "duplicate" | "rejected" | "conflict"; reason: string | null; message: string;
  production_order: { number: string; state: string } | null; operation: Operation | null; next: Operation | null;
}
export interface ScanTarget {
  kind: string; number: string; actions: string[]; planned: string | null; passed: string | null; received: string | null; remaining: string | null;
  unit: string | null; item_code: string | null; item_name: string | null; state: string | null; state_text: string | null; operation: Operation | null;
}
export interface ShipmentLine { order?: string; order_number?: string; line_no: number; item_code: string; quantity: string; unit: string }
export interface Shipment {
  id: string; number: string; carrier: string | null; tracking_numbers: string[]; lines: ShipmentLine[]; shipped_at: string;
  signed_at?: string | null; signed_by?: string | null; actor?: string | null;
}
export interface InvoiceLine { line_no: number; item_code: string; item_name?: string | null; quantity: string; unit: string }
export interface InvoiceTask {
  id: string; order_number: string; state: string; lines: InvoiceLine[]; opened_at: string; closed_at: string | null; invoice_no: string | null; customer_name: string | null;
}
export interface Difference {
  order_number: string; line_no: number; item_code: string; shipped: string; returned: string; invoiced: string; difference: string; unit: string;
  sources: { kind: string; ref: string; quantity: string; actor: string | null; at: string; device_id: string | null; operation: string | null; scrap: string | null }[];
  more_scans: number;
}
export interface Complaint {
  id: string; order_number: string; customer_name: string | null; kind: string; text: string; stage: string | null; state: "open" | "closed";
  complained_at: string | null; recorded_at: string | null; recorded_by: string | null; closed_at: string | null; closed_by: string | null; resolution: string | null;
}
export interface LeadTimeCell { stage: string; n: number; mean_hours: string | null; median_hours: string | null; p90_hours: string | null }
export interface LeadTimes { period?: { from: string; to: string }; stages: string[]; groups: { key: string; ref?: string | null; cells: LeadTimeCell[] }[] }
export interface LeadTimeOrder { order_number: string; customer_name: string | null; sales_owner: string | null; entered_on: string | null; state: string; hours: string | null; working_hours: string | null }
export interface Comparison { from_date: string; to_date: string; before_from_date: string; before_to_date: string; stages: { stage: string; before: LeadTimeCell | null; after: LeadTimeCell | null; change_hours: string | null; change_percent: string | null }[] }
export interface DeliveryOrder { order_number: string; customer_name: string | null; sales_owner: string | null; due_date: string | null; urgency: string | null; state: string; verdict: string; done_on: string | null; days_late: number; complaints_count: number }
export interface DeliveryTotals { orders_count: number; on_time_count: number; late_count: number; pending_count: number; on_time_rate: string | null; mean_days_late: string | null; rush_decided_count: number; rush_late_count: number; rush_late_rate: string | null; shipped_count: number; order_to_ship_days: string | null; complained_count: number; complaints_count: number; complaint_rate: string | null; complaint_rate_change: string | null }
export interface DeliveryReport { total: DeliveryTotals; months: (DeliveryTotals & { month: string | null })[]; groups: (DeliveryTotals & { key: string | null })[] }
export interface CapacityRule { days: number; counted: "calendar" | "working"; version: number; reason: string | null; changed_by: string | null; changed_at: string | null; safe_from: string | null }
export interface StageEvent { stage: string; at: string | null; text?: string | null }
export interface Dwell { stage: string; hours: string | null; running: boolean; from_stage?: string; to_stage?: string }
export interface OrderLeadTime { order_number: string; events: StageEvent[]; dwells: Dwell[]; longest_stage: string | null; sentence?: string | null }
export interface TimelineEntry { at: string; actor: string | null; what: string; params: Record<string, string>; text?: string | null; message?: string | null }
export interface Notification {
  id: string; event_type: string; order_number: string | null; subscription: string; channel: string; recipient: string | null; state: string;
  text: string | null; attempt_count: number; last_error: string | null; created_at: string; sent_at: string | null; reason: string | null;
  next_attempt_at: string | null; acknowledged_at: string | null; quiet_until: string | null;
}
export interface Channel { code: string; kind: string; url: string | null; name: string | null; per_minute: number; has_secret: boolean; version: number; active: boolean; quiet_from: string | null; quiet_to: string | null; waiting: number; failures: number; resting_until: string | null; sent_last_minute: number }
export interface QuietHours { recipient: string; names: string[]; quiet_from: string | null; quiet_to: string | null; changed_by: string | null; changed_at: string | null }
export interface StateCount { state: string; channel: string; count: number; oldest: string | null }
export interface OrderChannel { code: string; active: boolean; name?: string | null }
export interface Subscription { code: string; event_type: string; condition: string | null; channel: string; role: string | null; template: string; version: number; active: boolean; expire_hours: number; once_per: string | null; escalate_minutes: number; escalate_channel: string | null; quiet_from: string | null; quiet_to: string | null }
export interface Account { username: string; display_name: string; roles: string[]; active: boolean; version: number; work_centers: string[] }
export interface Device { id: string; name: string; station: string | null; enrolled_at?: string | null; revoked_at?: string | null; last_seen_at?: string | null }
export interface TrackedOrder {
  number: string; state: string; state_text?: string | null; channel: string; customer_name: string | null; due_date: string; expected_date: string | null;
  headline?: string | null; sales_owner: string | null; updated_at: string; created_at: string;
  lines: { line_no: number; item_name: string; quantity: string; unit: string; received_quantity: string; shipped_quantity: string; due_date: string | null }[];
  parcels: { carrier: string | null; tracking_number: string; shipped_at: string | null; signed_at: string | null }[];
}
export interface Integration { id: string; name: string; scopes: string[]; addresses: string[]; expires_at: string | null; created_at: string | null; revoked_at: string | null }
export interface InvoiceTimeliness { due_days: number; opened_count: number; in_time_count: number; late_count: number; pending_count: number; rate: string | null; overdue: InvoiceTask[] }
