/** Orders texts by code unit: the same on every machine, unlike the order of a locale. */
export function compareText(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
