import type { PlanService } from "../../../gen/quota/v1/plan_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { actorOf } from "../auth/actor.ts";
import { planMessage } from "../mapping/plan.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { changedPlanOf } from "../validation/plan-definition.ts";

export function updatePlan(plans: ApiServices["plans"]): HandlerOf<typeof PlanService.method.updatePlan> {
  return async (request, context) => {
    const { definition, revision } = changedPlanOf(request);
    return { plan: planMessage(await plans.updatePlan(definition, revision, actorOf(context))) };
  };
}
