import { reactive } from "vue";

/** Whether the server answers. A single lost request is no alarm: the banner stands while any request has been lost twice in a row. */
export const connection = reactive({
  stuck: 0, online: typeof navigator === "undefined" ? true : navigator.onLine,
  get away(): boolean { return this.stuck > 0; },
});

/** One request's losses, from its first try to its answer. */
export function attempts(): { lost: () => void; over: () => void } {
  let misses = 0;
  return {
    lost(): void { misses += 1; if (misses === 2) connection.stuck += 1; },
    over(): void { if (misses > 1) connection.stuck -= 1; misses = 0; },
  };
}

if (typeof window !== "undefined") {
  addEventListener("online", () => { connection.online = true; });
  addEventListener("offline", () => { connection.online = false; });
}
