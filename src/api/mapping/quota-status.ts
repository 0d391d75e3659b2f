import type { MessageInitShape } from "@bufbuild/protobuf";
import type { QuotaStatusSchema } from "../../../gen/quota/v1/usage_pb.ts";
import { type QuotaStatus, remainingOf } from "../../domain/quota-status.ts";
import { enforcementMessages, limitSourceMessages } from "./enums.ts";
import { periodFields } from "./period.ts";

export function quotaStatusMessage(status: QuotaStatus): MessageInitShape<typeof QuotaStatusSchema> {
  return {
    metricCode: status.metricCode,
    current: status.current,
    limit: status.limit ?? undefined,
    remaining: remainingOf(status) ?? undefined,
    enforcement: enforcementMessages[status.enforcement],
    ...periodFields(status),
    planCode: status.planCode,
    limitSource: limitSourceMessages[status.limitSource],
  };
}
