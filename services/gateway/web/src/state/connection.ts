import { reactive } from "vue";

/** Whether the server answers. A single lost request is no alarm; the banner waits for the second. */
export const connection = reactive({
  away: false, misses: 0, online: typeof navigator === "undefined" ? true : navigator.onLine,
  here(): void { this.misses = 0; this.away = false; },
  lost(): void { this.misses += 1; this.away = this.misses > 1 || !this.online; },
});

if (typeof window !== "undefined") {
  addEventListener("online", () => { connection.online = true; });
  addEventListener("offline", () => { connection.online = false; });
}
