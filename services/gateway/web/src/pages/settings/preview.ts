import { get } from "@/api/client";
import { words } from "@/strings.zh";

export interface Sample { type: string; title: string; data: Record<string, unknown> }
interface Contract { components: { messages: Record<string, { name: string; examples?: { payload: { data: Record<string, unknown> } }[] }> } }

const FIELD = /\{([a-z][a-z0-9_]*)(?:\|([^{}]*))?\}/g;
const NAMED = /^[a-z][a-z0-9_]*$/; // a template of the house, named instead of written out

/** Every event with the example the published contract gives for it, so that a text can be tried on real fields. */
export async function samples(): Promise<Sample[]> {
  const { components } = await get<Contract>("/asyncapi.json");
  return Object.entries(components.messages)
    .map(([short, message]) => ({ type: message.name, title: words.events[short] ?? short, data: message.examples?.[0]?.payload.data ?? {} }))
    .sort((a, b) => a.type.localeCompare(b.type));
}

export const isNamed = (template: string): boolean => NAMED.test(template.trim());

function said(value: unknown): string {
  if (Array.isArray(value)) return value.map(said).filter(Boolean).join("\u3001");
  if (value !== null && typeof value === "object") { const line = value as Record<string, unknown>; return [line.item_name ?? line.item_code, line.quantity].filter(Boolean).map(String).join("\u00d7"); }
  return value === null || value === undefined || value === false ? "" : String(value);
}

/** The text a template would give for an example, and the fields the event does not have. */
export function filled(template: string, data: Record<string, unknown>): { text: string; unknown: string[] } {
  const unknown: string[] = [];
  const text = template.replace(FIELD, (_, name: string, otherwise?: string) => {
    if (!(name in data)) unknown.push(name);
    return said(data[name]) || otherwise || "";
  });
  return { text, unknown };
}
