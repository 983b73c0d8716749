import { words } from "@/strings.zh";

export interface FieldError { field: string; reason: string; message: string }

/** A refusal of the server, as RFC 9457 says it, in words a person can act on. */
export class Problem extends Error {
  constructor(
    readonly status: number, readonly reason: string, message: string,
    readonly errors: FieldError[] = [], readonly body: Record<string, unknown> = {},
  ) { super(message); }

  /** The message of one field, whatever line it stands in; empty when that field is right. */
  of(field: string): string { return this.errors.find((error) => error.field === field)?.message ?? ""; }
}

export async function problemOf(answer: Response): Promise<Problem> {
  const body = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  const errors = Array.isArray(body.errors) ? (body.errors as FieldError[]) : [];
  const title = typeof body.title === "string" ? body.title : words.problem.unknown(answer.status);
  // Which fields are wrong is said in words by each of them; their names in the protocol tell a person nothing.
  const detail = typeof body.detail === "string" && body.detail !== title && body.reason !== "INVALID_REQUEST" ? body.detail : "";
  return new Problem(answer.status, String(body.reason ?? "UNKNOWN"), detail || title, errors, body);
}

/** What to tell a person about any failure. */
export function explain(error: unknown): string {
  if (!(error instanceof Problem)) return words.problem.away;
  const fields = new Set(error.errors.map((field) => field.message).filter((text) => text && !error.message.includes(text)));
  return [error.message, ...fields].join("；");
}
