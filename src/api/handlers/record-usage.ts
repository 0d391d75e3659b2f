import type { QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { withinOwnTenant } from "../auth/own-tenant.ts";
import { quotaStatusMessage } from "../mapping/quota-status.ts";
import { usageEventMessage } from "../mapping/usage-event.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { usageAttemptOf } from "../validation/record-usage-request.ts";

export function recordUsage(tracking: ApiServices["tracking"]): HandlerOf<typeof QuotaService.method.recordUsage> {
  return async (request, context) => {
    const { event, status, overLimit, replayed } = await tracking.recordUsage(
      usageAttemptOf(withinOwnTenant(context.principal, request)),
      context,
    );
    return { event: usageEventMessage(event), status: quotaStatusMessage(status), overLimit, replayed };
  };
}
