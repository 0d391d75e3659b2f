import type { QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { withinOwnTenant } from "../auth/own-tenant.ts";
import { quotaStatusMessage } from "../mapping/quota-status.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { statusQuestionOf } from "../validation/get-status-request.ts";

export function getStatus(enforcement: ApiServices["enforcement"]): HandlerOf<typeof QuotaService.method.getStatus> {
  return async (request, context) => {
    const { tenantId, metricCodes } = statusQuestionOf(withinOwnTenant(context.principal, request));
    const metrics = await enforcement.getStatus(tenantId, metricCodes, context);
    return { metrics: metrics.map(quotaStatusMessage) };
  };
}
