import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { QuotaStatus as QuotaStatusMessage, UsageEvent as UsageEventMessage } from "./gen/quota/v1/usage_pb.ts";
import { LimitEnforcement, LimitSource, PeriodKind } from "./gen/quota/v1/usage_pb.ts";
import type { QuotaStatus, UsageEvent } from "./usage.ts";

export function quotaStatusOf(message: QuotaStatusMessage): QuotaStatus {
  return { ...decisionOf(message), current: message.current, remaining: message.remaining };
}

export function usageEventOf(message: UsageEventMessage): UsageEvent {
  if (message.createdAt === undefined) throw new TypeError(`event ${message.id} came without created_at`);
  return {
    ...decisionOf(message),
    id: message.id,
    tenantId: message.tenantId,
    amount: message.amount,
    metadata: message.metadata ?? {},
    createdAt: timestampDate(message.createdAt),
    idempotencyKey: message.idempotencyKey,
    sequence: message.sequence,
    usageAfter: message.usageAfter,
    requestedPlanCode: message.requestedPlanCode,
  };
}

function decisionOf(message: QuotaStatusMessage | UsageEventMessage) {
  return {
    metricCode: message.metricCode,
    limit: message.limit,
    enforcement: nameIn(LimitEnforcement, message.enforcement),
    limitSource: nameIn(LimitSource, message.limitSource),
    planCode: message.planCode,
    periodKind: nameIn(PeriodKind, message.periodKind),
    periodStart: dateOf(message.periodStart),
    periodEnd: dateOf(message.periodEnd),
  };
}

type NameIn<E> = Exclude<keyof E & string, "UNSPECIFIED"> | "UNKNOWN";

function nameIn<E extends Readonly<Record<string, number>>>(values: E, value: number): NameIn<E> {
  const name = Object.keys(values).find((key) => values[key] === value);
  return name === undefined || name === "UNSPECIFIED" ? "UNKNOWN" : (name as NameIn<E>);
}

function dateOf(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp === undefined ? undefined : timestampDate(timestamp);
}
