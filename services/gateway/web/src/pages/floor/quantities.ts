import type { Operation, ProductionOrder } from "@/api/models";
import { minus, plain, scaled } from "@/format";

/** What a code of a traveller says: the job, perhaps one piece of it, perhaps one operation. */
export function readTraveller(code: string): { number: string; piece: boolean; sequence: number | null } {
  const found = /^(PO\d{8}-\d{4,})(-U[0-9A-Za-z]{1,32})?(?:\.(\d{1,6}))?$/.exec(code);
  return found?.[1] ? { number: found[1], piece: found[2] !== undefined, sequence: found[3] ? Number(found[3]) : null } : { number: code, piece: false, sequence: null };
}

const sum = (quantities: string[]): bigint => quantities.reduce((total, one) => total + scaled(one), 0n);
const sentBack = (job: ProductionOrder, step: Operation): bigint => sum(job.operations.filter((one) => one.sequence <= step.sequence).map((one) => one.rework_quantity));

/** What an operation must reach: what was lost before it never comes, what was sent back comes once more. */
export function target(job: ProductionOrder, step: Operation): string {
  return plain(scaled(job.quantity) - sum(job.operations.filter((one) => one.sequence < step.sequence).map((one) => one.scrap_quantity)) + sentBack(job, step));
}

/** The operation in hand: the one whose own code was scanned, else the next that is not done, else where rework went. */
export const openOperation = (job: ProductionOrder, sequence: number | null = null): Operation | null =>
  job.operations.find((one) => one.sequence === sequence) ?? job.operations.find((one) => one.state !== "done") ?? (job.state === "rework" ? [...job.operations].reverse().find((one) => scaled(one.rework_quantity) > 0n) ?? null : null);

/** What is left to report at an operation; pieces sent back may pass it even when its target is reached. */
export function remaining(job: ProductionOrder, step: Operation | null): string {
  if (!step) return "0";
  const reported = scaled(step.good_quantity) + scaled(step.scrap_quantity);
  const left = scaled(target(job, step)) - reported;
  const most = scaled(job.quantity) + sentBack(job, step) - reported;
  return plain(left > 0n ? left : job.state === "rework" && most > 0n ? most : 0n);
}

/** What was made and nobody has judged yet; reworked pieces are judged each time they come. */
export function unjudged(job: ProductionOrder): string {
  const left = minus(minus(minus(job.operations.at(-1)?.good_quantity ?? job.quantity, job.passed_quantity), job.rework_quantity), job.scrapped_quantity);
  return scaled(left) > 0n ? left : "0";
}

/** The first figure as it fits beside the others: more scrap means fewer good ones. */
export function fitting(first: string, others: string[], left: string): string {
  const room = scaled(left) - sum(others);
  return scaled(first) > room ? plain(room > 0n ? room : 0n) : first;
}
