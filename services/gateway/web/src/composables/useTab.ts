import { computed, type WritableComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";

/** The open tab, kept in the address so that a link leads to it. */
export function useTab(first: string): WritableComputedRef<string> {
  const route = useRoute();
  const router = useRouter();
  return computed({ get: () => String(route.query.tab ?? first), set: (tab) => { void router.replace({ query: { tab } }); } });
}
