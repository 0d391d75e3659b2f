/**
 * What the viewer prefers, kept in the browser: nothing here says who they are or what they looked at. A browser that keeps
 * nothing is one that forgets the preference.
 */
const prefix = "quota-console.";

export function readPreference<T extends string>(name: string, allowed: readonly T[]): T | undefined {
  try {
    const stored = window.localStorage.getItem(prefix + name);
    return allowed.find((value) => value === stored);
  } catch {
    return undefined;
  }
}

export function writePreference(name: string, value: string): void {
  try {
    window.localStorage.setItem(prefix + name, value);
  } catch {
    // Storage is full or forbidden; the preference holds until the page is closed.
  }
}
