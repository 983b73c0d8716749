import { computed, ref, type ComputedRef, type Ref } from "vue";
import { useRoute, useRouter } from "vue-router";
import { civilDate } from "@/format";
import { session } from "@/state/session";
import { undoable } from "@/composables/useUndo";
import { words } from "@/strings.zh";

export interface OrderFilter { q: string; state: string; urgency: string; channel: string; customer_id: string; due_before: string; sort: string }
export interface SavedFilter { name: string; filter: Partial<OrderFilter>; own: boolean }

const KEPT = "orderhub.order-filters"; // each person their own, also on a shared machine
const NARROWS = ["q", "state", "urgency", "channel", "customer_id", "due_before"] as const;
const FIELDS = [...NARROWS, "sort"] as const;

const place = (): string => `${KEPT}.${session.user?.username ?? ""}`;
function kept(): SavedFilter[] {
  try { return JSON.parse(localStorage.getItem(place()) ?? "[]") as SavedFilter[]; } catch { return []; }
}

/** The filter of the order list; it lives in the address, so a view can be shared by its link. */
export function useOrderFilter(): { filter: ComputedRef<OrderFilter>; change: (patch: Partial<OrderFilter>) => void; replace: (filter: Partial<OrderFilter>) => void } {
  const route = useRoute();
  const router = useRouter();
  const filter = computed(() => Object.fromEntries(FIELDS.map((name) => [name, String(route.query[name] ?? "")])) as unknown as OrderFilter);
  const replace = (wanted: Partial<OrderFilter>): void => {
    void router.replace({ query: Object.fromEntries(Object.entries(wanted).filter(([, value]) => value)) });
  };
  return { filter, replace, change: (patch) => replace({ ...filter.value, ...patch }) };
}

export function useSavedFilters(): { saved: Ref<SavedFilter[]>; save: (name: string, filter: OrderFilter) => void; remove: (name: string) => void } {
  const own = ref(kept());
  const ready: SavedFilter[] = [
    { name: words.orders.defaults.open, filter: { state: "open" }, own: false },
    { name: words.orders.defaults.red, filter: { urgency: "red", state: "open" }, own: false },
    { name: words.orders.defaults.late, filter: { due_before: civilDate(), state: "open" }, own: false },
  ];
  const saved = computed(() => [...ready, ...own.value]);
  const store = (): void => localStorage.setItem(place(), JSON.stringify(own.value));
  return {
    saved,
    save: (name, filter) => { own.value = [...own.value.filter((one) => one.name !== name), { name, filter: { ...filter }, own: true }]; store(); },
    remove: (name) => {
      const before = own.value;
      own.value = before.filter((one) => one.name !== name);
      store();
      undoable(words.orders.filterGone(name), () => { own.value = before; store(); });
    },
  };
}

// How a list is sorted leaves it the same list.
export const isEmpty = (filter: OrderFilter): boolean => NARROWS.every((name) => !filter[name]);
export const same = (a: Partial<OrderFilter>, b: OrderFilter): boolean => NARROWS.every((name) => (a[name] ?? "") === b[name]);
