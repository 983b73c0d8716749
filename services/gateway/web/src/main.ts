import { createApp } from "vue";
import App from "./App.vue";
import { router } from "./router";
import { session } from "./state/session";
import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/dark/css-vars.css";
import "./styles/tokens.css";
import "./styles/base.css";

async function begin(): Promise<void> {
  const open = /^\/(t|f)\//.test(location.pathname);
  if (!open) await session.start();
  createApp(App).use(router).mount("#app");
  if ("serviceWorker" in navigator && import.meta.env.PROD && !open) void navigator.serviceWorker.register("/sw.js").catch(() => null);
}

void begin();
