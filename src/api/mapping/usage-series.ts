import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { UsageSeriesPointSchema } from "../../../gen/quota/v1/admin_service_pb.ts";
import type { UsageSeriesPoint } from "../../domain/usage-series.ts";

export function usageSeriesPointMessage(point: UsageSeriesPoint): MessageInitShape<typeof UsageSeriesPointSchema> {
  const { start, end, amount, eventCount, lastEvent } = point;
  return {
    windowStart: timestampFromMs(start),
    windowEnd: timestampFromMs(end),
    amount,
    eventCount,
    usageAfter: lastEvent?.usageAfter,
    limit: lastEvent?.limit ?? undefined,
  };
}
