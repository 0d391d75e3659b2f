import type { QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { withinOwnTenant } from "../auth/own-tenant.ts";
import { quotaStatusMessage } from "../mapping/quota-status.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { quotaQuestionOf } from "../validation/check-quota-request.ts";

export function checkQuota(enforcement: ApiServices["enforcement"]): HandlerOf<typeof QuotaService.method.checkQuota> {
  return async (request, context) => {
    const { wouldExceed, remaining, allowed, status } = await enforcement.checkQuota(
      quotaQuestionOf(withinOwnTenant(context.principal, request)),
      context,
    );
    return { wouldExceed, remaining: remaining ?? undefined, allowed, status: quotaStatusMessage(status) };
  };
}
