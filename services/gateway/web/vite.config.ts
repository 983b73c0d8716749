import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import Components from "unplugin-vue-components/vite";
import { ElementPlusResolver } from "unplugin-vue-components/resolvers";
import { defineConfig } from "vite";
import { serviceWorker } from "./worker/service-worker.ts";

const gateway = process.env.ORDERHUB_GATEWAY_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [
    vue(),
    Components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ importStyle: "css" })] }),
    serviceWorker(fileURLToPath(new URL("./worker/sw.js", import.meta.url))),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: { target: "es2022", assetsInlineLimit: 0, cssCodeSplit: true, chunkSizeWarningLimit: 700, reportCompressedSize: false },
  server: { host: "127.0.0.1", port: 5190, proxy: { "/api": gateway } },
});
