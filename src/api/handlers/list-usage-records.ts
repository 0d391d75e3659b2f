import type { AdminService } from "../../../gen/quota/v1/admin_service_pb.ts";
import { UsageRecordSchema } from "../../../gen/quota/v1/usage_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { usageRecordMessage } from "../mapping/usage-record.ts";
import { wireBytesOf } from "../mapping/wire-bytes.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { usageRecordQuestionOf } from "../validation/admin/list-usage-records-request.ts";

export function listUsageRecords(admin: ApiServices["admin"]): HandlerOf<typeof AdminService.method.listUsageRecords> {
  return async (request) => {
    const { filter, page } = usageRecordQuestionOf(request);
    const { items, nextPageToken = "" } = await admin.listUsageRecords(filter, {
      ...page,
      bytesOf: wireBytesOf(UsageRecordSchema, usageRecordMessage),
    });
    return { records: items.map(usageRecordMessage), nextPageToken };
  };
}
