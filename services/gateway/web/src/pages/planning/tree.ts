import { call, get } from "@/api/client";
import type { Explosion } from "@/api/models";

export interface BomLine { position: number; component: string; quantity_per: string; unit: string | null; scrap_rate: string | null; setup_quantity: string | null; effective_from: string | null; effective_to: string | null }
export interface BomVersion { version: number; effective_from: string | null; effective_to: string | null; content_hash: string | null }
export interface BomDifference { kind: string; component: string | null; position: number; field: string | null; before: string | null; after: string | null }
export interface Bom { item_code: string; routing_code: string | null; base_quantity: string; effective_from: string | null; effective_to: string | null; lines: BomLine[]; version: number; content_hash: string | null; versions: BomVersion[] }
export interface WhereUsed { item_code: string; item_name: string | null; quantity_per: string; unit: string; distance: number }

const path = (code: string): string => encodeURIComponent(code);
export const bomOf = (code: string): Promise<Bom> => get<Bom>(`/boms/${path(code)}`);
export const explosionOf = (code: string, quantity: string): Promise<Explosion> => get<Explosion>(`/boms/${path(code)}/explosion`, { quantity });
export const whereUsed = async (code: string): Promise<WhereUsed[]> => {
  const answer = await call<{ items?: WhereUsed[]; parents?: WhereUsed[] }>("GET", `/items/${path(code)}/where-used`);
  return answer.items ?? answer.parents ?? [];
};
