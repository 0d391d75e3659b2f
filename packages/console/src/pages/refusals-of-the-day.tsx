import type { UsageRefusal } from "../../../../gen/quota/v1/usage_pb.ts";
import { useShownZone } from "../components/time-zones.tsx";
import { formatQuantity } from "../format/numbers.ts";
import { formatHour } from "../format/times.ts";
import { refusalsByHour } from "../tenant/explain-refusals.ts";
import type { LastDay } from "./last-day.ts";

/** An hour with one refusal must be told from one with none. */
const barPercentMin = 4;

/** A day of refusals, hour by hour. */
export function RefusalsOfTheDay({
  refusals,
  day,
}: {
  readonly refusals: readonly UsageRefusal[];
  readonly day: LastDay;
}) {
  const zone = useShownZone(undefined);
  const hours = refusalsByHour(refusals, day.until, day.hours);
  const most = hours.reduce((max, { count }) => (count > max ? count : max), 1n);
  return (
    <figure className="hours">
      <figcaption className="tile-label">By the hour</figcaption>
      <ol className="hours-bars">
        {hours.map(({ hour, count }) => {
          const text = `${formatHour(hour, zone)}: ${formatQuantity(count, "use", "uses")} refused`;
          const height = count === 0n ? 0 : Math.max((Number(count) / Number(most)) * 100, barPercentMin);
          return (
            <li key={hour.getTime()} className="hours-bar" title={text}>
              <span className="visually-hidden">{text}</span>
              <span className="hours-fill" style={{ height: `${height}%` }} />
            </li>
          );
        })}
      </ol>
      <div className="hours-ends muted" aria-hidden="true">
        <span>{formatHour(day.from, zone)}</span>
        <span>now</span>
      </div>
    </figure>
  );
}
