import { ElMessage } from "element-plus/es/components/message/index";
import "element-plus/es/components/message/style/css";
import { h } from "vue";
import { words } from "@/strings.zh";

const SHOWN_MS = 8_000;

/** Says what was just taken away, with a button that brings it back. */
export function undoable(what: string, back: () => void): void {
  const shown = ElMessage({
    type: "info", duration: SHOWN_MS, showClose: true,
    message: h("span", { class: "undo" }, [`${what}　`, h("button", { type: "button", class: "link-button strong", onClick: () => { back(); shown.close(); } }, words.undo)]),
  });
}
