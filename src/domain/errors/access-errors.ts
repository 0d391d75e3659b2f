import { quoted } from "../echo.ts";
import type { Role } from "../principal.ts";
import { QuotaServiceError } from "./quota-service-error.ts";

/** The one scheme in which credentials are sent. */
const scheme = "Bearer";

/** The call carries no credential. */
export class CredentialMissingError extends QuotaServiceError {
  readonly reason = "CREDENTIAL_MISSING";
  readonly scheme = scheme;

  constructor(message = `a credential is required: send "authorization: ${scheme} <secret>"`) {
    super(message);
  }
}

/** Malformed, unknown, expired or revoked. Which of these is not told: each of them would help whoever guesses. */
export class CredentialInvalidError extends QuotaServiceError {
  readonly reason = "CREDENTIAL_INVALID";
  readonly scheme = scheme;

  constructor() {
    super("the credential is not valid");
  }
}

/** The caller's role is none of those that the RPC takes. */
export class RoleNotAllowedError extends QuotaServiceError {
  readonly reason = "ROLE_NOT_ALLOWED";
  readonly role: Role;
  /** The path of the RPC. */
  readonly method: string;

  constructor(role: Role, method: string, allowed: readonly Role[]) {
    super(`the role ${role} may not call ${method}; ${allowed.join(", ")} may`);
    this.role = role;
    this.method = method;
  }
}

/** A tenant's own credential names another tenant, of which nothing is told, not even whether it exists. */
export class TenantMismatchError extends QuotaServiceError {
  readonly reason = "TENANT_MISMATCH";
  /** The tenant that the call named, lower-cased. */
  readonly tenantId: string;

  constructor(tenantId: string) {
    super(`the credential does not belong to tenant ${quoted(tenantId)}`);
    this.tenantId = tenantId;
  }
}

/** A tenant's own credential names a plan, and would choose its limit by it. */
export class PlanCodeNotAllowedError extends QuotaServiceError {
  readonly reason = "PLAN_CODE_NOT_ALLOWED";
  readonly role: Role;

  constructor(role: Role) {
    super(`the role ${role} may not choose a plan; leave plan_code out`);
    this.role = role;
  }
}

/** What is counted when a caller is held back: its key, or the address it calls from. */
export type ThrottleScope = "api_key" | "peer";

/** This caller asks for more than one caller may have; nothing was done. */
export class CallerThrottledError extends QuotaServiceError {
  readonly reason = "CALLER_THROTTLED";
  readonly scope: ThrottleScope;

  constructor(scope: ThrottleScope, message: string) {
    super(message);
    this.scope = scope;
  }
}
