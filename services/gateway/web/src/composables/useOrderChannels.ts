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

/** Ask for the channels again, after one was added or closed. */
export function refreshChannels(): Promise<void> {
  asked = get<Page<OrderChannel>>("/channels").then((page) => { kept.value = page.items; }).catch(() => { asked = null; }); // the page goes on with what it knows
  return asked;
}

/** Every channel, and those that take new orders; asked for once for all pages. */
export function useOrderChannels() {
  void (asked ?? refreshChannels());
  return { channels: computed(() => kept.value), open: computed(() => kept.value.filter((one) => one.active)) };
}
