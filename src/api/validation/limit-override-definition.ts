import type { PutLimitOverrideRequest } from "../../../gen/quota/v1/subscription_service_pb.ts";
import { LimitEnforcement, LimitEnforcementSchema } from "../../../gen/quota/v1/usage_pb.ts";
import { reasonLengthMax } from "../../domain/bounds.ts";
import { textProblem } from "../../domain/checks.ts";
import { InvalidRequestError } from "../../domain/errors/invalid-request-error.ts";
import type { LimitOverrideDefinition } from "../../domain/limit-override.ts";
import { enforcementsByNumber } from "../mapping/enums.ts";
import { readCode, readTenantId } from "./common-fields.ts";
import { readEnum } from "./enum-fields.ts";
import { FieldViolations } from "./field-violations.ts";
import { readInstant } from "./instants.ts";
import { readLimit } from "./limit-fields.ts";

/**
 * Whether `expires_at` lies ahead is for the service to say, by the storage's clock.
 *
 * @throws InvalidRequestError naming every bad field
 */
export function limitOverrideDefinitionOf({ override }: PutLimitOverrideRequest): LimitOverrideDefinition {
  if (override === undefined) throw new InvalidRequestError([{ field: "override", description: "is required" }]);
  const violations = new FieldViolations();
  const tenantId = readTenantId(violations, "override.tenant_id", override.tenantId);
  const metricCode = readCode(violations, "override.metric_code", override.metricCode);
  const limit = readLimit(violations, "override.limit", override);
  const enforcement =
    override.enforcement === LimitEnforcement.UNSPECIFIED
      ? undefined
      : readEnum(
          violations,
          "override.enforcement",
          LimitEnforcementSchema,
          enforcementsByNumber,
          override.enforcement,
        );
  violations.add("override.reason", textProblem(override.reason, reasonLengthMax));
  const expiresAt = readInstant(violations, "override.expires_at", override.expiresAt);
  violations.throwIfAny();
  return {
    tenantId,
    metricCode,
    limit,
    ...(enforcement === undefined ? {} : { enforcement }),
    reason: override.reason,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
