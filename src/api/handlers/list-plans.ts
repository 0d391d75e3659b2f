import { PlanSchema } from "../../../gen/quota/v1/plan_pb.ts";
import type { PlanService } from "../../../gen/quota/v1/plan_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { planMessage } from "../mapping/plan.ts";
import { wireBytesOf } from "../mapping/wire-bytes.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { pageOf } from "../validation/control-requests.ts";

export function listPlans(plans: ApiServices["plans"]): HandlerOf<typeof PlanService.method.listPlans> {
  return async (request) => {
    const { items, nextPageToken = "" } = await plans.listPlans({
      ...pageOf(request),
      bytesOf: wireBytesOf(PlanSchema, planMessage),
    });
    return { plans: items.map(planMessage), nextPageToken };
  };
}
