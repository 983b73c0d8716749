export type Tone = "ok" | "again" | "wrong";

const MELODIES: Record<Tone, readonly (readonly [hertz: number, seconds: number])[]> = {
  ok: [[880, 0.08], [1320, 0.12]], again: [[660, 0.09], [660, 0.09]], wrong: [[220, 0.18], [165, 0.28]],
};
let context: AudioContext | null = null;

/** Plays one of three tones that are told apart without looking: rising, twice the same, low. */
export function playTone(tone: Tone): void {
  try {
    context ??= new AudioContext();
    let at = context.currentTime;
    for (const [hertz, seconds] of MELODIES[tone]) {
      const [voice, volume] = [context.createOscillator(), context.createGain()];
      voice.type = tone === "wrong" ? "square" : "sine";
      voice.frequency.value = hertz;
      volume.gain.setValueAtTime(0.25, at);
      volume.gain.exponentialRampToValueAtTime(0.001, at + seconds);
      voice.connect(volume).connect(context.destination);
      voice.start(at);
      voice.stop(at + seconds);
      at += seconds + 0.03;
    }
    navigator.vibrate?.(tone === "ok" ? 40 : [80, 60, 80]);
  } catch { /* a device without sound still shows the verdict */ }
}
