import { onBeforeUnmount, onMounted } from "vue";

const GAP_MS = 400; // generous: outside a field nobody types, and a busy tablet delivers keys late
const SHORTEST = 3;

/** A keyboard-wedge scanner: keystrokes outside any field that end in Enter. What is typed into a field is left alone. */
export function useWedge(scanned: (code: string) => void): void {
  let typed = "";
  let last = 0;
  function onKey(event: KeyboardEvent): void {
    const inField = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLSelectElement;
    if (inField || event.ctrlKey || event.metaKey || event.altKey) { typed = ""; return; }
    const goesOn = event.timeStamp - last < GAP_MS;
    last = event.timeStamp;
    if (event.key === "Enter") {
      const code = goesOn ? typed : "";
      typed = "";
      if (code.length >= SHORTEST) { event.preventDefault(); scanned(code); }
    } else if (event.key.length === 1) typed = goesOn ? typed + event.key : event.key;
  }
  onMounted(() => addEventListener("keydown", onKey, true));
  onBeforeUnmount(() => removeEventListener("keydown", onKey, true));
}
