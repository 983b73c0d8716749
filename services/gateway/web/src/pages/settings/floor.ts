export const POLICIES = ["record", "previous", "strict"] as const;
export type ScanPolicy = (typeof POLICIES)[number];
export interface FloorRules { scan_policy: ScanPolicy; bounce_seconds: number; acknowledge_minutes: number }
/** What a person is typing; numbers stay text until they are whole. */
export interface FloorDraft { scan_policy: ScanPolicy; bounce_seconds: string; acknowledge_minutes: string }
export const MOST = { bounce_seconds: 60, acknowledge_minutes: 7 * 24 * 60 } as const;
export type Measure = keyof typeof MOST;

export const drafted = (rules: FloorRules): FloorDraft => ({ scan_policy: rules.scan_policy, bounce_seconds: String(rules.bounce_seconds), acknowledge_minutes: String(rules.acknowledge_minutes) });

const fits = (text: string, most: number): boolean => /^\d{1,6}$/.test(text.trim()) && Number(text) <= most;

/** The measures that are no whole number from 0 to their most. */
export const wrong = (draft: FloorDraft): Measure[] => (Object.keys(MOST) as Measure[]).filter((name) => !fits(draft[name], MOST[name]));

/** The rules to send; null while something is wrong. */
export const rulesOf = (draft: FloorDraft): FloorRules | null => (wrong(draft).length ? null : { scan_policy: draft.scan_policy, bounce_seconds: Number(draft.bounce_seconds), acknowledge_minutes: Number(draft.acknowledge_minutes) });

export const same = (draft: FloorDraft, rules: FloorRules): boolean => JSON.stringify(rulesOf(draft)) === JSON.stringify(rulesOf(drafted(rules)));
