import type { ArmSummary } from "./arm-summary.ts";
import { short } from "./numbers.ts";

const width = 1_100;
const labelWidth = 400;
const valueWidth = 90;
const rowHeight = 22;
const barHeight = 12;
const top = 56;
const barsWidth = width - labelWidth - valueWidth;

const colours: Readonly<Record<string, string>> = {
  ceiling: "#8b949e",
  record: "#1f6feb",
  ungrouped: "#d29922",
  transaction: "#d29922",
  limiter: "#d29922",
};
const otherColour = "#2da44e";

/** A bar for the median of each arm, and a whisker from its least to its largest repeat. */
export function svgChart(title: string, summaries: readonly ArmSummary[]): string {
  const height = top + summaries.length * rowHeight + 16;
  const largest = Math.max(...summaries.map(({ perSecond }) => perSecond.max));
  const x = (rate: number) => labelWidth + (rate / largest) * barsWidth;
  const rows = summaries.map((summary, index) => rowOf(summary, top + index * rowHeight, x));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"
  role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="12" fill="#1f2328">
<title id="title">${escaped(title)}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="16" y="26" font-size="16" font-weight="600">${escaped(title)}</text>
<text x="16" y="44" fill="#59636e">answers per second: median, and least to largest repeat</text>
${rows.join("\n")}
</svg>
`;
}

function rowOf({ arm, perSecond }: ArmSummary, y: number, x: (rate: number) => number): string {
  const middle = y + rowHeight / 2;
  const barEnd = x(perSecond.median);
  return [
    `<text x="${labelWidth - 8}" y="${middle + 4}" text-anchor="end">${escaped(arm.name)}</text>`,
    rectangle(labelWidth, middle - barHeight / 2, barEnd - labelWidth, colours[arm.group] ?? otherColour),
    line(x(perSecond.min), x(perSecond.max), middle),
    `<text x="${coordinate(Math.max(barEnd, x(perSecond.max)) + 6)}" y="${middle + 4}">${short(perSecond.median)}</text>`,
  ].join("");
}

function rectangle(x: number, y: number, length: number, colour: string): string {
  return `<rect x="${x}" y="${y}" width="${coordinate(length)}" height="${barHeight}" rx="2" fill="${colour}"/>`;
}

function line(from: number, to: number, y: number): string {
  return `<line x1="${coordinate(from)}" x2="${coordinate(to)}" y1="${y}" y2="${y}" stroke="#1f2328" stroke-width="1.5"/>`;
}

function coordinate(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
