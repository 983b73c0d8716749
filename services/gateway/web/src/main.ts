import { createApp } from "vue";
import App from "./App.vue";
import { explain } from "./api/problem";
import { router } from "./router";
import { session } from "./state/session";
import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/dark/css-vars.css";
import "./styles/tokens.css";
import "./styles/base.css";

const ENROL = "#enrol=";

/** The QR of an enrolment leads here; afterwards the device works at the handheld page without a person signed in. */
async function enrol(code: string): Promise<void> {
  const failed = await session.enrol(code).then(() => null, (error: unknown) => error);
  if (failed) alert(explain(failed));
  location.replace("/warehouse");
}

async function begin(): Promise<void> {
  const open = /^\/(t|f)\//.test(location.pathname);
  if (!open) await session.start();
  if (location.hash.startsWith(ENROL)) { await enrol(decodeURIComponent(location.hash.slice(ENROL.length))); return; }
  createApp(App).use(router).mount("#app");
  if ("serviceWorker" in navigator && import.meta.env.PROD && !open) void navigator.serviceWorker.register("/sw.js").catch(() => null);
}

void begin();
