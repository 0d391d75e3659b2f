import type { ControlChange } from "../../../../gen/quota/v1/control_change_pb.ts";
import { summaryOf } from "../format/differences.ts";

/** What a change did, in one line; the rest unfolds. */
export function ChangeSummary({ change }: { readonly change: ControlChange }) {
  const { first, others } = summaryOf(change.before, change.after);
  if (first === undefined) return null;
  return (
    <span className="change-summary">
      <code>{first.path}</code> {first.before} → {first.after}
      {others === 0 ? null : <span className="muted"> and {others} more</span>}
    </span>
  );
}
