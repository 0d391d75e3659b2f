import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { UsageRefusalSchema } from "../../../gen/quota/v1/usage_pb.ts";
import type { UsageRefusal } from "../../domain/usage-refusal.ts";

export function usageRefusalMessage(refusal: UsageRefusal): MessageInitShape<typeof UsageRefusalSchema> {
  const { tenantId, metricCode, hour, count, lastLimit, lastCurrent, lastAmount } = refusal;
  return {
    tenantId,
    metricCode,
    hour: timestampFromMs(hour),
    count,
    lastLimit,
    lastCurrent,
    lastRequested: lastAmount,
  };
}
