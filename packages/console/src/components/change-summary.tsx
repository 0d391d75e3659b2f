import type { ControlChange } from "../../../../gen/quota/v1/control_change_pb.ts";
import { changeValueOf, outlineOf } from "../format/change-values.ts";
import { summaryOf } from "../format/differences.ts";
import { formatInstant } from "../format/times.ts";
import { useShownZone } from "./time-zones.tsx";

/** What a change did, in one line; the rest unfolds. Of what is new or gone, what it is. */
export function ChangeSummary({ change }: { readonly change: ControlChange }) {
  const zone = useShownZone(change.tenantId);
  const { before, after, objectKind } = change;
  const whole = before === undefined ? after : after === undefined ? before : undefined;
  if (whole !== undefined) return <span className="change-summary">{outlineOf(objectKind, whole)}</span>;
  const { first, others } = summaryOf(before, after);
  if (first === undefined) return null;
  const inWords = (text: string | undefined) => {
    if (text === undefined) return "–";
    const value = changeValueOf(first.path, text);
    return "text" in value ? value.text : formatInstant(value.instant, zone, "minute");
  };
  return (
    <span className="change-summary">
      <code>{first.path}</code> {inWords(first.before)} → {inWords(first.after)}
      {others === 0 ? null : <span className="muted"> and {others} more</span>}
    </span>
  );
}
