import { computed, shallowRef } from "vue";
import { get } from "@/api/client";
import type { OrderChannel, Page } from "@/api/models";
import { words } from "@/strings.zh";

// The ways orders come in are data (S16). Until the server has spoken: those every house begins with.
const kept = shallowRef<OrderChannel[]>(Object.keys(words.channels).map((code) => ({ code, active: true, name: "" })));
const names = computed(() => Object.fromEntries(kept.value.map((one) => [one.code, one.name])));
let asked: Promise<void> | null = null;

/** What people call a channel: the name it was given, else the house's word for it, else its code. */
export const channelName = (code: string): string => names.value[code] || (words.channels[code] ?? code);

/** Ask for the channels as they are now. */
export function refreshChannels(): Promise<void> {
  const mine = get<Page<OrderChannel>>("/channels")
    .then((page) => { kept.value = page.items; })
    .catch(() => undefined) // the page goes on with what it knows
    .finally(() => { if (asked === mine) asked = null; });
  asked = mine;
  return mine;
}

/** Every channel, and those that take new orders: what is known at once, then what the server says; parts of a page share one question. */
export function useOrderChannels() {
  void (asked ?? refreshChannels());
  return { channels: computed(() => kept.value), open: computed(() => kept.value.filter((one) => one.active)) };
}

/** The channel a new order begins with: `wished` while it takes orders, else the first that does. */
export const channelFor = (wished: string, open: readonly OrderChannel[]): string =>
  open.some((one) => one.code === wished) ? wished : (open[0]?.code ?? wished);
