import type { Spread } from "../statistics.ts";

/** Figures as people read them. */

const significantDigits = 3;

/** Three digits that count: 12,300; 0.415. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const rounded = Number(value.toPrecision(significantDigits));
  return rounded.toLocaleString("en", { maximumSignificantDigits: significantDigits });
}

export function shortSpread(spread: Spread): string {
  return `${short(spread.median)} (${short(spread.min)} – ${short(spread.max)})`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
