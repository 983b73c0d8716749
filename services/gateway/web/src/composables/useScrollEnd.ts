import { onBeforeUnmount, onMounted, useTemplateRef } from "vue";

/** Calls `reached` whenever the element with the template ref `name`, the end of a list, comes near the screen. */
export function useScrollEnd(name: string, reached: () => unknown): void {
  const mark = useTemplateRef<HTMLElement>(name);
  let watcher: IntersectionObserver | undefined;
  onMounted(() => {
    watcher = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) void reached(); }, { rootMargin: "600px" });
    if (mark.value) watcher.observe(mark.value);
  });
  onBeforeUnmount(() => watcher?.disconnect());
}
