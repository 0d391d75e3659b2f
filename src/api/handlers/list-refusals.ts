import type { AdminService } from "../../../gen/quota/v1/admin_service_pb.ts";
import { UsageRefusalSchema } from "../../../gen/quota/v1/usage_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { usageRefusalMessage } from "../mapping/usage-refusal.ts";
import { wireBytesOf } from "../mapping/wire-bytes.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { refusalQuestionOf } from "../validation/admin/list-refusals-request.ts";

export function listRefusals(admin: ApiServices["admin"]): HandlerOf<typeof AdminService.method.listRefusals> {
  return async (request) => {
    const { filter, page } = refusalQuestionOf(request);
    const { items, nextPageToken = "" } = await admin.listRefusals(filter, {
      ...page,
      bytesOf: wireBytesOf(UsageRefusalSchema, usageRefusalMessage),
    });
    return { refusals: items.map(usageRefusalMessage), nextPageToken };
  };
}
