import { type AdminService, TenantUsageSchema } from "../../../gen/quota/v1/admin_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { tenantUsageMessage } from "../mapping/tenant-usage.ts";
import { wireBytesOf } from "../mapping/wire-bytes.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { nearLimitQuestionOf } from "../validation/admin/list-tenants-near-limit-request.ts";

export function listTenantsNearLimit(
  admin: ApiServices["admin"],
): HandlerOf<typeof AdminService.method.listTenantsNearLimit> {
  return async (request) => {
    const { filter, page } = nearLimitQuestionOf(request);
    const { items, nextPageToken = "" } = await admin.listTenantsNearLimit(filter, {
      ...page,
      bytesOf: wireBytesOf(TenantUsageSchema, tenantUsageMessage),
    });
    return { tenants: items.map(tenantUsageMessage), nextPageToken };
  };
}
