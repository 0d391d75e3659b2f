import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { UsageRecordSchema } from "../../../gen/quota/v1/usage_pb.ts";
import type { UsageRecord } from "../../domain/usage-record.ts";
import { periodFields } from "./period.ts";

export function usageRecordMessage(record: UsageRecord): MessageInitShape<typeof UsageRecordSchema> {
  const { id, tenantId, metricCode, currentUsage, lastSequence, lastEventAt, createdAt } = record;
  return {
    id,
    tenantId,
    metricCode,
    ...periodFields(record),
    currentUsage,
    lastSequence,
    lastEventAt: timestampFromMs(lastEventAt),
    createdAt: timestampFromMs(createdAt),
  };
}
