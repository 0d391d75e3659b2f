import { formatCount, formatLimit, formatPercent, percentOf } from "../format/numbers.ts";

/** From this share on a counter is about to reach its limit; the service's own list of such tenants begins here too. */
export const nearPercent = 80;

/** Beyond this share a bar would leave no room for what is below the limit. */
const percentDrawnMax = 200;

export type UsageTone = "calm" | "near" | "full" | "over";

export function toneOf(percent: number): UsageTone {
  if (percent > 100) return "over";
  if (percent >= 100) return "full";
  return percent >= nearPercent ? "near" : "calm";
}

/** Usage against its limit. Above the limit the bar is scaled down, and a mark shows where the limit lies. */
export function UsageBar({
  current,
  limit,
  label,
}: {
  readonly current: bigint;
  readonly limit: bigint | undefined;
  readonly label: string;
}) {
  if (limit === undefined) {
    return (
      <div className="usage">
        <span className="usage-numbers">
          <strong>{formatCount(current)}</strong> <span className="muted">of unlimited</span>
        </span>
      </div>
    );
  }
  const percent = percentOf(current, limit);
  const drawn = Math.min(percent, percentDrawnMax);
  const scale = Math.max(drawn, 100);
  return (
    <div className={`usage usage-${toneOf(percent)}`}>
      <span className="usage-numbers">
        <strong>{formatCount(current)}</strong> <span className="muted">of {formatLimit(limit)}</span>
        <span className="usage-percent">{formatPercent(percent)}</span>
      </span>
      {/* biome-ignore lint/a11y/useSemanticElements: browsers draw <meter> in colours and forms of their own */}
      <div
        className="usage-track"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Number(limit)}
        aria-valuenow={Math.min(Number(current), Number(limit))}
        aria-valuetext={`${formatCount(current)} of ${formatLimit(limit)}, ${formatPercent(percent)}`}
      >
        <div className="usage-fill" style={{ width: `${(drawn / scale) * 100}%` }} />
        {percent > 100 ? <div className="usage-mark" style={{ left: `${(100 / scale) * 100}%` }} /> : null}
      </div>
    </div>
  );
}
