import type { PutSubscriptionRequest } from "../../../gen/quota/v1/subscription_service_pb.ts";
import { timeZoneProblem } from "../../domain/checks.ts";
import { InvalidRequestError } from "../../domain/errors/invalid-request-error.ts";
import type { SubscriptionDefinition } from "../../domain/subscription.ts";
import { parseTimeZone, utcTimeZone } from "../../domain/time-zone.ts";
import { readCode, readTenantId } from "./common-fields.ts";
import { FieldViolations } from "./field-violations.ts";
import { readInstant } from "./instants.ts";

/** @throws InvalidRequestError naming every bad field */
export function subscriptionDefinitionOf({ subscription }: PutSubscriptionRequest): SubscriptionDefinition {
  if (subscription === undefined) {
    throw new InvalidRequestError([{ field: "subscription", description: "is required" }]);
  }
  const violations = new FieldViolations();
  const tenantId = readTenantId(violations, "subscription.tenant_id", subscription.tenantId);
  const planCode = readCode(violations, "subscription.plan_code", subscription.planCode);
  violations.add("subscription.time_zone", timeZoneProblem(subscription.timeZone));
  const timeZone = parseTimeZone(subscription.timeZone) ?? utcTimeZone;
  const anchor = readInstant(violations, "subscription.anchor", subscription.anchor);
  violations.throwIfAny();
  const definition = { tenantId, planCode, timeZone };
  return anchor === undefined ? definition : { ...definition, anchor };
}
