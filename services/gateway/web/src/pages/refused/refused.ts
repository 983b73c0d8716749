export interface Sent { company?: string; contact_name?: string; phone?: string; due_date?: string; note?: string; lines?: { item_code: string; quantity: string }[]; row_count?: number; accepted_count?: number; rejected_count?: number }
export interface Refusal {
  id: string; source: "form" | "bom_import"; ref: string; label: string; owner: string | null; who: string; reason: string; title: string;
  errors: { field: string; reason: string; message: string }[]; sent: Sent; times: number; first_at: string; last_at: string;
  closed_at: string | null; closed_by: string | null; note: string | null;
}
const LINE = /^lines\.(\d+)(?:\.(\w+))?$/;

/** A field as the person who filled it in calls it; what nobody named stays as it is. */
export function fieldName(field: string, names: Record<string, string>, line: (n: number) => string): string {
  const [, n, inner] = LINE.exec(field) ?? [];
  if (n === undefined) return names[field] ?? field;
  return inner ? `${line(Number(n) + 1)} ${names[inner] ?? inner}` : line(Number(n) + 1);
}
