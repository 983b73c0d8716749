import { computed, ref, watch } from "vue";
import { entries } from "@/offline/queue";
import { playTone, type Tone } from "./useTone";

const TONES: Record<string, Tone> = { applied: "ok", duplicate: "again", rejected: "wrong", conflict: "wrong" };

/** The latest thing scanned here, with the tone of its verdict as soon as it is known. */
export function useVerdicts() {
  const id = ref("");
  const latest = computed(() => entries.value.find((entry) => entry.id === id.value) ?? null);
  watch(() => latest.value?.result, (result) => { const tone = result && TONES[result]; if (tone) playTone(tone); });
  return { latest, follow: (entry: { id: string }) => { id.value = entry.id; } };
}
