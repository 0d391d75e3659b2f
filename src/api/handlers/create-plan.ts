import type { PlanService } from "../../../gen/quota/v1/plan_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { actorOf } from "../auth/actor.ts";
import { planMessage } from "../mapping/plan.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { newPlanOf } from "../validation/plan-definition.ts";

export function createPlan(plans: ApiServices["plans"]): HandlerOf<typeof PlanService.method.createPlan> {
  return async (request, context) => {
    return { plan: planMessage(await plans.createPlan(newPlanOf(request), actorOf(context))) };
  };
}
