import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { PlanSchema, QuotaLimitSchema } from "../../../gen/quota/v1/plan_pb.ts";
import type { Plan } from "../../domain/plan.ts";
import type { QuotaLimit } from "../../domain/quota-limit.ts";
import { enforcementMessages, periodKindMessages } from "./enums.ts";

export function planMessage(plan: Plan): MessageInitShape<typeof PlanSchema> {
  return {
    code: plan.code,
    displayName: plan.displayName,
    limits: plan.limits.map(quotaLimitMessage),
    isDefault: plan.isDefault,
    revision: plan.revision,
    createdAt: timestampFromMs(plan.createdAt),
    updatedAt: timestampFromMs(plan.updatedAt),
  };
}

function quotaLimitMessage(limit: QuotaLimit): MessageInitShape<typeof QuotaLimitSchema> {
  return {
    metricCode: limit.metricCode,
    limit: limit.limit ?? undefined,
    unlimited: limit.limit === null,
    enforcement: enforcementMessages[limit.enforcement],
    periodKind: periodKindMessages[limit.periodKind],
  };
}
