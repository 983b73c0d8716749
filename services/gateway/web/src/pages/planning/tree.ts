import { call, get } from "@/api/client";
import type { Explosion } from "@/api/models";

export interface BomLine { position: number; component: string; quantity_per: string; unit: string | null; scrap_rate: string | null; setup_quantity: string | null; effective_from: string | null; effective_to: string | null }
export interface Bom { item_code: string; routing_code: string | null; base_quantity: string; effective_from: string | null; effective_to: string | null; lines: BomLine[]; version: number; content_hash: string | null }
export interface BomAnswer extends Partial<Bom> { bom?: Bom; versions?: { version: number; effective_from: string | null; effective_to: string | null; content_hash: string }[] }
export interface WhereUsed { item_code: string; item_name: string | null; quantity_per: string; unit: string; distance: number }

const path = (code: string): string => encodeURIComponent(code);
export const bomOf = async (code: string): Promise<Bom> => {
  const answer = await get<BomAnswer>(`/boms/${path(code)}`);
  return (answer.bom ?? answer) as Bom;
};
export const explosionOf = (code: string, quantity: string): Promise<Explosion> => get<Explosion>(`/boms/${path(code)}/explosion`, { quantity });
export const whereUsed = async (code: string): Promise<WhereUsed[]> => {
  const answer = await call<{ items?: WhereUsed[]; parents?: WhereUsed[] }>("GET", `/items/${path(code)}/where-used`);
  return answer.items ?? answer.parents ?? [];
};
