import type { PlanService } from "../../../gen/quota/v1/plan_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { actorOf } from "../auth/actor.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { planCodeOf } from "../validation/control-requests.ts";

export function deletePlan(plans: ApiServices["plans"]): HandlerOf<typeof PlanService.method.deletePlan> {
  return async (request, context) => {
    await plans.deletePlan(planCodeOf(request), actorOf(context));
    return {};
  };
}
