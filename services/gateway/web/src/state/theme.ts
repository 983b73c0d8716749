import { ref } from "vue";

const KEPT = "orderhub.theme";
export const dark = ref(typeof document !== "undefined" && document.documentElement.classList.contains("dark"));

export function toggleTheme(): void {
  dark.value = !dark.value;
  document.documentElement.classList.toggle("dark", dark.value);
  localStorage.setItem(KEPT, dark.value ? "dark" : "light");
}
