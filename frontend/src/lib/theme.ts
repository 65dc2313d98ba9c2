import { useSyncExternalStore } from "react";

/** `system` follows the machine; the other two are kept for the next visit. */
type Theme = "light" | "dark" | "system";

const KEY = "salescommand.theme";
const listeners = new Set<() => void>();
const media = () => window.matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    // Storage refused (private windows): the choice lasts for this page only.
    return "system";
  }
}

function shown(): "light" | "dark" {
  return document.documentElement.dataset.theme === "dark" ? "dark" : "light";
}

function show(theme: "light" | "dark"): void {
  document.documentElement.dataset.theme = theme;
  for (const listener of listeners) listener();
}

function setTheme(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // As above: not kept, still shown.
  }
  show(theme === "system" ? (media().matches ? "dark" : "light") : theme);
}

/** Follows the machine's theme while nothing was chosen. */
export function watchSystemTheme(): void {
  media().addEventListener("change", () => {
    if (stored() === "system") setTheme("system");
  });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The theme on screen and a switch to the other one. */
export function useTheme(): { theme: "light" | "dark"; toggle: () => void } {
  const theme = useSyncExternalStore(subscribe, shown, () => "light" as const);
  return { theme, toggle: () => setTheme(theme === "dark" ? "light" : "dark") };
}
