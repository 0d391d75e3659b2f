import { readPreference, writePreference } from "./preferences.ts";

/** `system` follows the machine's own preference, also when that changes. */
export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

export function storedTheme(): Theme {
  return readPreference("theme", themes) ?? "system";
}

/** The style sheet reads the attribute; without it, `prefers-color-scheme`. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function chooseTheme(theme: Theme): void {
  writePreference("theme", theme);
  applyTheme(theme);
}
