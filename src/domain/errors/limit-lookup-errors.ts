import { QuotaServiceError } from "./quota-service-error.ts";

/** The tenant has no subscription, there is no default plan, and the call named none. */
export class NoPlanError extends QuotaServiceError {
  readonly reason = "NO_PLAN";
  readonly tenantId: string;

  constructor(tenantId: string) {
    super(`tenant ${tenantId} has no subscription, and there is no default plan`);
    this.tenantId = tenantId;
  }
}

/** The plan that holds has no limit for the metric: it is not offered, which is not the same as a limit of 0. */
export class MetricNotInPlanError extends QuotaServiceError {
  readonly reason = "METRIC_NOT_IN_PLAN";
  readonly metricCode: string;
  readonly planCode: string;

  constructor(metricCode: string, planCode: string) {
    super(`plan ${planCode} has no limit for metric ${metricCode}`);
    this.metricCode = metricCode;
    this.planCode = planCode;
  }
}

export class PlanNotFoundError extends QuotaServiceError {
  readonly reason = "PLAN_NOT_FOUND";
  readonly planCode: string;

  constructor(planCode: string) {
    super(`there is no plan ${planCode}`);
    this.planCode = planCode;
  }
}
