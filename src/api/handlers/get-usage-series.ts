import type { AdminService } from "../../../gen/quota/v1/admin_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { quotaStatusMessage } from "../mapping/quota-status.ts";
import { usageSeriesPointMessage } from "../mapping/usage-series.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { usageSeriesQuestionOf } from "../validation/admin/get-usage-series-request.ts";

export function getUsageSeries(admin: ApiServices["admin"]): HandlerOf<typeof AdminService.method.getUsageSeries> {
  return async (request) => {
    const { key, windows } = usageSeriesQuestionOf(request);
    const { points, status } = await admin.getUsageSeries(key, windows);
    return {
      points: points.map(usageSeriesPointMessage),
      status: status === undefined ? undefined : quotaStatusMessage(status),
    };
  };
}
