import { useEffect, useRef, useState } from "react";
import type uPlot from "uplot";
import type { UsageRefusal } from "../../../../gen/quota/v1/usage_pb.ts";
import { formatCount } from "../format/numbers.ts";
import { formatInstant } from "../format/times.ts";
import { drawChart } from "./draw-chart.ts";
import type { ChartSpan, UsageCurve } from "./usage-curve.ts";

export interface UsageChartProps {
  readonly metricCode: string;
  readonly curve: UsageCurve;
  readonly span: ChartSpan;
  /** In which the axis is written. */
  readonly zone: string;
  readonly refusals: readonly UsageRefusal[];
}

/** A drawing for the eye, and the same numbers as a table for everybody else. */
export function UsageChart(props: UsageChartProps) {
  const { metricCode, curve, zone, span } = props;
  const [index, setIndex] = useState<number>();
  const last = curve.seconds.length - 1;
  const shown = index ?? last;
  const instant = new Date((curve.seconds[shown] ?? span.from.getTime() / 1_000) * 1_000);
  return (
    <figure className="chart">
      <figcaption className="chart-legend">
        <span className="chart-key chart-key-usage">usage {figure(curve.usage[shown])}</span>
        <span className="chart-key chart-key-limit">
          limit {curve.limit[shown] === null ? "unlimited" : figure(curve.limit[shown])}
        </span>
        {props.refusals.length === 0 ? null : <span className="chart-key chart-key-refusal">refusals</span>}
        <span className="muted">at {formatInstant(instant, zone, "minute")}</span>
      </figcaption>
      <Canvas {...props} onPoint={setIndex} />
      <details className="chart-table">
        <summary>The same as a table</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region without focus cannot be scrolled by keys */}
        <section className="table-scroll" aria-label={`Usage of ${metricCode} as a table`} tabIndex={0}>
          <table>
            <caption className="visually-hidden">Usage of {metricCode} over time</caption>
            <thead>
              <tr>
                <th scope="col">Until</th>
                <th scope="col" className="is-numeric">
                  Added
                </th>
                <th scope="col" className="is-numeric">
                  Usage
                </th>
                <th scope="col" className="is-numeric">
                  Limit
                </th>
              </tr>
            </thead>
            <tbody>
              {curve.seconds.map((seconds, place) => (
                <tr key={seconds}>
                  <td>{formatInstant(new Date(seconds * 1_000), zone, "minute")}</td>
                  <td className="is-numeric">{formatCount(curve.added[place] ?? 0)}</td>
                  <td className="is-numeric">{figure(curve.usage[place])}</td>
                  <td className="is-numeric">
                    {curve.limit[place] === null ? "unlimited" : figure(curve.limit[place])}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  );
}

function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? "unknown" : formatCount(value);
}

function Canvas(props: UsageChartProps & { readonly onPoint: (index: number | undefined) => void }) {
  const { curve, span, zone, refusals, metricCode, onPoint } = props;
  const holder = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    let chart: uPlot | undefined;
    const redraw = () => {
      chart?.destroy();
      chart = drawChart(element, { curve, span, zone, refusals, onPoint });
    };
    redraw();
    // A canvas knows nothing of style sheets: it is drawn anew in other colours, or in another width.
    const resized = new ResizeObserver(() => {
      if (chart !== undefined && chart.width !== element.clientWidth) redraw();
    });
    resized.observe(element);
    const themed = new MutationObserver(redraw);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const preference = window.matchMedia("(prefers-color-scheme: dark)");
    preference.addEventListener("change", redraw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      preference.removeEventListener("change", redraw);
      chart?.destroy();
    };
  }, [curve, span, zone, refusals, onPoint]);

  return <div ref={holder} className="chart-canvas" role="img" aria-label={summaryOf(metricCode, curve)} />;
}

function summaryOf(metricCode: string, { usage, limit }: UsageCurve): string {
  const lastLimit = limit.at(-1) ?? null;
  return `Chart of ${metricCode}: usage ends at ${figure(usage.at(-1))}, the limit is ${
    lastLimit === null ? "unlimited" : figure(lastLimit)
  }. The table below has every number.`;
}
