import { onBeforeUnmount, onMounted } from "vue";

const BURST_MS = 60;
const SHORTEST = 3;

/** A keyboard-wedge scanner: fast keystrokes that end in Enter, wherever the focus is; a person's typing is left alone. */
export function useWedge(scanned: (code: string) => void): void {
  let typed = "";
  let last = 0;
  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inField = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    const fast = event.timeStamp - last < BURST_MS;
    last = event.timeStamp;
    if (event.key === "Enter") {
      const code = typed;
      typed = "";
      if (!inField && fast && code.length >= SHORTEST) { event.preventDefault(); scanned(code); }
    } else if (event.key.length === 1) typed = fast ? typed + event.key : event.key;
  }
  onMounted(() => addEventListener("keydown", onKey));
  onBeforeUnmount(() => removeEventListener("keydown", onKey));
}
