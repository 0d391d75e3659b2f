import type { PlanService } from "../../../gen/quota/v1/plan_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { planMessage } from "../mapping/plan.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { planCodeOf } from "../validation/control-requests.ts";

export function getPlan(plans: ApiServices["plans"]): HandlerOf<typeof PlanService.method.getPlan> {
  return async (request) => {
    return { plan: planMessage(await plans.getPlan(planCodeOf(request))) };
  };
}
