import { timestampMs } from "@bufbuild/protobuf/wkt";
import uPlot from "uplot";
import type { UsageRefusal } from "../../../../gen/quota/v1/usage_pb.ts";
import type { ChartSpan, UsageCurve } from "./usage-curve.ts";

const heightPx = 260;
/** Above the highest value, so that the limit is not the edge of the drawing. */
const headroom = 1.12;
const axisWidthPx = 76;
const axisHeightPx = 32;
const markPx = 7;
const halfHourMs = 1_800_000;
const dayMs = 86_400_000;

export interface Drawing {
  readonly curve: UsageCurve;
  readonly span: ChartSpan;
  readonly zone: string;
  readonly refusals: readonly UsageRefusal[];
  /** Told which sample the pointer is at, and undefined when it leaves. */
  readonly onPoint: (index: number | undefined) => void;
}

/** Draws the chart into the element, in the colours that the style sheet gives it. */
export function drawChart(element: HTMLElement, drawing: Drawing): uPlot {
  const { curve, span, zone } = drawing;
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const font = `11px ${style.fontFamily}`;
  const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
  const isLong = span.until.getTime() - span.from.getTime() > 2 * dayMs;
  const tick = new Intl.DateTimeFormat(undefined, {
    timeZone: zone,
    ...(isLong ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" }),
  });
  const axis = {
    stroke: colour("text-muted"),
    font,
    grid: { stroke: colour("border-soft"), width: 1 },
    ticks: { stroke: colour("border-soft"), width: 1, size: 4 },
  };
  const highest = Math.max(...curve.usage.map((value) => value ?? 0), ...curve.limit.map((value) => value ?? 0), 1);

  return new uPlot(
    {
      width: Math.max(element.clientWidth, 1),
      height: heightPx,
      padding: [12, 28, 0, 0],
      // Where ticks stand, not only how they are written: at full hours and midnights of the zone.
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), zone),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false },
      scales: {
        x: { time: true, range: () => [span.from.getTime() / 1_000, span.until.getTime() / 1_000] },
        y: { range: () => [0, highest * headroom] },
      },
      axes: [
        {
          ...axis,
          space: 70,
          size: axisHeightPx,
          values: (_, splits) => splits.map((seconds) => tick.format(seconds * 1_000)),
        },
        { ...axis, size: axisWidthPx, values: (_, splits) => splits.map((value) => compact.format(value)) },
      ],
      series: [
        {},
        {
          label: "usage",
          stroke: colour("accent"),
          fill: colour("chart-fill"),
          width: 2,
          points: { show: false },
          ...(span.isOnePeriod || uPlot.paths.bars === undefined
            ? {}
            : { paths: uPlot.paths.bars({ size: [0.8, 40] }) }),
        },
        {
          label: "limit",
          stroke: colour("bad"),
          width: 1.5,
          dash: [6, 4],
          points: { show: false },
          ...(uPlot.paths.stepped === undefined ? {} : { paths: uPlot.paths.stepped({ align: 1 }) }),
        },
      ],
      hooks: {
        draw: [(chart) => markRefusals(chart, drawing, colour("bad"))],
        setCursor: [(chart) => drawing.onPoint(sampleAt(chart.cursor.idx, curve))],
      },
    },
    [
      [...curve.seconds, span.until.getTime() / 1_000],
      [...curve.usage, null],
      // What holds now holds until the period ends, unless somebody changes it.
      [...curve.limit, curve.limit.at(-1) ?? null],
    ],
    element,
  );
}

/** The sample under the pointer; what lies ahead of the last one is none. */
function sampleAt(index: number | null | undefined, curve: UsageCurve): number | undefined {
  return index === null || index === undefined || index >= curve.seconds.length ? undefined : index;
}

/** A triangle at the top for every hour in which something was refused. */
function markRefusals(chart: uPlot, { refusals, span }: Drawing, colour: string): void {
  const { ctx, bbox } = chart;
  const size = markPx * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colour;
  for (const { hour } of refusals) {
    if (hour === undefined) continue;
    const ms = timestampMs(hour) + halfHourMs;
    if (ms < span.from.getTime() || ms > span.until.getTime()) continue;
    const x = chart.valToPos(ms / 1_000, "x", true);
    ctx.beginPath();
    ctx.moveTo(x - size / 2, bbox.top);
    ctx.lineTo(x + size / 2, bbox.top);
    ctx.lineTo(x, bbox.top + size);
    ctx.fill();
  }
  ctx.restore();
}
