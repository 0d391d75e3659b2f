import type { KeyboardEvent } from "react";

/** Walks the rows of a table by the arrow keys, Home and End: the whole table is one stop of the Tab key. */
export function moveFocus(event: KeyboardEvent, body: HTMLElement | null): void {
  if (body === null || event.altKey || event.ctrlKey || event.metaKey) return;
  const rows = [...body.querySelectorAll<HTMLElement>("tr[data-row]")];
  if (!(event.target instanceof HTMLElement)) return;
  const place = rows.indexOf(event.target);
  if (place === -1) return;
  const next = placeAfter(event.key, place, rows.length);
  if (next === undefined) return;
  event.preventDefault();
  for (const [index, row] of rows.entries()) row.tabIndex = index === next ? 0 : -1;
  rows[next]?.focus();
}

function placeAfter(key: string, place: number, count: number): number | undefined {
  switch (key) {
    case "ArrowDown":
      return Math.min(place + 1, count - 1);
    case "ArrowUp":
      return Math.max(place - 1, 0);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}
