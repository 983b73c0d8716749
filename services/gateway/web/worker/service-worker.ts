import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** Emits `sw.js` from its source with the list of built files and a version made of their names. */
export function serviceWorker(source: string): Plugin {
  return {
    name: "orderhub-service-worker",
    apply: "build",
    generateBundle(_options, bundle) {
      const built = Object.keys(bundle).filter((name) => /\.(js|css|wasm)$/.test(name)).map((name) => `/${name}`);
      const files = ["/", "/theme.js", "/icon.svg", "/manifest.webmanifest", ...built].sort();
      const version = createHash("sha256").update(files.join("\n")).digest("hex").slice(0, 12);
      const code = readFileSync(source, "utf8")
        .replace('"__VERSION__"', JSON.stringify(version))
        .replace("[/* __FILES__ */]", JSON.stringify(files));
      this.emitFile({ type: "asset", fileName: "sw.js", source: code });
    },
  };
}
