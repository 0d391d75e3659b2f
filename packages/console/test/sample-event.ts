import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  LimitEnforcement,
  LimitSource,
  PeriodKind,
  type UsageEvent,
  UsageEventSchema,
} from "../../../gen/quota/v1/usage_pb.ts";

export const sampleTenant = "11111111-1111-4111-8111-111111111111";

/** An event as the service sends one. */
export function sampleEvent(changes: Exclude<MessageInitShape<typeof UsageEventSchema>, UsageEvent> = {}): UsageEvent {
  return create(UsageEventSchema, {
    id: "01a20b9b-b1fb-7dac-9412-67e4291f269a",
    tenantId: sampleTenant,
    metricCode: "api_calls",
    amount: 3n,
    metadata: { source: "import, seven" },
    createdAt: timestampFromDate(new Date("2026-11-24T03:31:22.747Z")),
    sequence: 7n,
    usageAfter: 9_007_199_254_740_991n,
    limit: 9_007_199_254_740_991n,
    enforcement: LimitEnforcement.HARD,
    limitSource: LimitSource.OVERRIDE,
    planCode: "starter",
    periodKind: PeriodKind.MONTH,
    periodStart: timestampFromDate(new Date("2026-11-01T00:00:00Z")),
    periodEnd: timestampFromDate(new Date("2026-12-01T00:00:00Z")),
    ...changes,
  });
}
