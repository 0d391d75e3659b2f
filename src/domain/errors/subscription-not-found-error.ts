import { QuotaServiceError } from "./quota-service-error.ts";

export class SubscriptionNotFoundError extends QuotaServiceError {
  readonly reason = "SUBSCRIPTION_NOT_FOUND";
  readonly tenantId: string;

  constructor(tenantId: string) {
    super(`tenant ${tenantId} has no subscription`);
    this.tenantId = tenantId;
  }
}
