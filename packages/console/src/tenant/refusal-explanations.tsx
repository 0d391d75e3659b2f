import type { ListRefusalsResponse } from "../../../../gen/quota/v1/admin_service_pb.ts";
import type { LimitOverride } from "../../../../gen/quota/v1/subscription_pb.ts";
import type { QuotaStatus } from "../../../../gen/quota/v1/usage_pb.ts";
import { SourceBadge } from "../components/badges.tsx";
import { Icon } from "../components/icon.tsx";
import { TimeText } from "../components/time-text.tsx";
import { useShownZone } from "../components/time-zones.tsx";
import { formatCount, formatLimit, formatQuantity } from "../format/numbers.ts";
import { formatDistance, formatHour, formatInstant, instantOf } from "../format/times.ts";
import { explainRefusals, type LostOverride, type RefusalExplanation, type RequestNow } from "./explain-refusals.ts";
import { refusalDays } from "./use-tenant.ts";

const hourMs = 3_600_000;

/** The answer to "why was this tenant refused?", before anything else on the page. */
export function RefusalExplanations({
  tenantId,
  refusals,
  statuses,
  overrides,
  lost,
  onMetric,
}: {
  readonly tenantId: string;
  readonly refusals: ListRefusalsResponse;
  readonly statuses: readonly QuotaStatus[] | null;
  readonly overrides: readonly LimitOverride[];
  readonly lost: readonly LostOverride[];
  readonly onMetric: (metricCode: string) => void;
}) {
  const explanations = explainRefusals(refusals.refusals, statuses ?? [], overrides, lost);
  return (
    <section aria-labelledby="why-title">
      <h2 id="why-title">Why was this tenant refused?</h2>
      {statuses === null ? <NoPlan /> : null}
      {explanations.length === 0 && statuses !== null ? (
        <p className="why-none">
          <Icon name="check" /> No HARD limit refused it within the last {refusalDays} days. A metric that the plan
          lacks is refused with <code>METRIC_NOT_IN_PLAN</code>, which is not counted here.
        </p>
      ) : null}
      {refusals.nextPageToken === "" ? null : (
        <p className="notice">These are the latest refusals; there were more within {refusalDays} days.</p>
      )}
      <div className="why-list">
        {explanations.map((explanation) => (
          <Explanation key={explanation.metricCode} explanation={explanation} tenantId={tenantId} onMetric={onMetric} />
        ))}
      </div>
    </section>
  );
}

function NoPlan() {
  return (
    <p className="notice notice-bad">
      <Icon name="alert" /> This tenant has no plan: it has no subscription, and no plan is the default. Every use is
      refused with <code>NO_PLAN</code>.
    </p>
  );
}

function Explanation({
  explanation,
  tenantId,
  onMetric,
}: {
  readonly explanation: RefusalExplanation;
  readonly tenantId: string;
  readonly onMetric: (metricCode: string) => void;
}) {
  const { metricCode, count, lastHour, requested, current, limit, excess } = explanation;
  const zone = useShownZone(tenantId);
  const until = new Date(lastHour.getTime() + hourMs);
  return (
    <article className={`card why why-${explanation.now}`}>
      <h3>
        <button type="button" className="link" onClick={() => onMetric(metricCode)}>
          <code>{metricCode}</code>
        </button>
        <span className="muted">
          {formatQuantity(count, "refusal", "refusals")}, the last on {formatInstant(lastHour, zone, "day")} between{" "}
          {formatHour(lastHour, zone)} and {formatHour(until, zone)}
        </span>
      </h3>
      <p className="why-cause">
        It asked for <strong>{formatCount(requested)}</strong> with <strong>{formatCount(current)}</strong> of{" "}
        <strong>{formatCount(limit)}</strong> used:{" "}
        <strong className="why-excess">{formatCount(excess)} too many</strong>.
        {explanation.isAmountAboveLimit ? " The amount alone is above the limit." : ""}
      </p>
      {explanation.lost === undefined ? null : <LostText lost={explanation.lost} tenantId={tenantId} />}
      <p className="why-now">
        <NowIcon now={explanation.now} /> <NowText explanation={explanation} tenantId={tenantId} />
      </p>
    </article>
  );
}

function NowIcon({ now }: { readonly now: RequestNow }) {
  return <Icon name={now === "admitted" ? "check" : "alert"} />;
}

const nowSentences: Readonly<Record<RequestNow, string>> = {
  admitted: "The same request would be admitted now",
  flagged: "The same request would be admitted now, and flagged: the limit is SOFT",
  refused: "The same request would still be refused",
  "not-in-plan": "The plan has no limit for this metric any more, so the same request would be refused",
};

function NowText({ explanation, tenantId }: { readonly explanation: RefusalExplanation; readonly tenantId: string }) {
  const { now, status, override, hasLimitChanged, limit, requested } = explanation;
  if (status === undefined) return <>{nowSentences[now]}.</>;
  const isHopeless = now === "refused" && status.limit !== undefined && requested > status.limit;
  return (
    <>
      {nowSentences[now]}
      {isHopeless ? (
        `, and in every period: the whole limit is ${formatLimit(status.limit)}`
      ) : (
        <>
          : {formatCount(status.current)} of {formatLimit(status.limit)} used,{" "}
          <PeriodEndText status={status} tenantId={tenantId} />
        </>
      )}
      . {hasLimitChanged ? `The limit was ${formatCount(limit)} then. ` : ""}
      The limit comes from: <SourceBadge source={status.limitSource} />{" "}
      {override === undefined ? (
        <code>{status.planCode}</code>
      ) : (
        <OverrideText override={override} tenantId={tenantId} />
      )}
    </>
  );
}

function PeriodEndText({ status, tenantId }: { readonly status: QuotaStatus; readonly tenantId: string }) {
  const periodEnd = instantOf(status.periodEnd);
  if (periodEnd === undefined) return <>in a period that never ends</>;
  return (
    <>
      until <TimeText instant={periodEnd} tenantId={tenantId} /> ({formatDistance(periodEnd, new Date())})
    </>
  );
}

/** What changed beneath the tenant: often the whole answer. */
function LostText({ lost, tenantId }: { readonly lost: LostOverride; readonly tenantId: string }) {
  const { limit, reason, how, endedAt, by } = lost;
  return (
    <p className="why-lost">
      An override to <strong>{formatLimit(limit)}</strong>
      {reason === "" ? "" : ` (“${reason}”)`} would have admitted it. It {how === "deleted" ? "was deleted" : "expired"}{" "}
      on <TimeText instant={endedAt} tenantId={tenantId} />
      {by === undefined ? "" : ` by ${by}`}.
    </p>
  );
}

function OverrideText({ override, tenantId }: { readonly override: LimitOverride; readonly tenantId: string }) {
  return (
    <>
      {override.reason === "" ? "without a reason given" : `“${override.reason}”`}
      {override.expiresAt === undefined ? null : (
        <>
          , until <TimeText instant={instantOf(override.expiresAt)} tenantId={tenantId} />
        </>
      )}
    </>
  );
}
