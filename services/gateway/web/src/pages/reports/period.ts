import { civilDate } from "@/format";

export const lastDays = (days: number): { from: string; to: string } => ({ from: civilDate(-days), to: civilDate() });
