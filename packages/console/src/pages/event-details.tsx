import type { UsageEvent } from "../../../../gen/quota/v1/usage_pb.ts";
import { Facts, type FactsByName } from "../components/facts.tsx";
import { JsonView } from "../components/json-view.tsx";
import { TimeText } from "../components/time-text.tsx";
import { periodKindNames } from "../format/names.ts";
import { formatCount, formatLimit } from "../format/numbers.ts";
import { instantOf } from "../format/times.ts";

/** All that an event holds. */
export function EventDetails({ event }: { readonly event: UsageEvent }) {
  const { tenantId, metadata = {}, requestedPlanCode, idempotencyKey } = event;
  const facts: FactsByName = {
    "Event id": <code>{event.id}</code>,
    "Number within its counter": formatCount(event.sequence),
    "Usage after": formatCount(event.usageAfter),
    "Limit at the decision": formatLimit(event.limit),
    "Plan named in the call": requestedPlanCode === undefined ? "none" : <code>{requestedPlanCode}</code>,
    "Idempotency key": idempotencyKey === undefined ? "none was sent" : <code>{idempotencyKey}</code>,
    Period: periodKindNames[event.periodKind],
    "Period start": <TimeText instant={instantOf(event.periodStart)} tenantId={tenantId} absent="none" />,
    "Period end": <TimeText instant={instantOf(event.periodEnd)} tenantId={tenantId} absent="never" />,
  };
  return (
    <div className="event-details">
      <Facts facts={facts} />
      <section aria-label="Metadata">
        <h2 className="minor-title">Metadata</h2>
        {Object.keys(metadata).length === 0 ? (
          <p className="muted">None was sent.</p>
        ) : (
          <JsonView value={metadata} label="Metadata of the event" />
        )}
      </section>
    </div>
  );
}
