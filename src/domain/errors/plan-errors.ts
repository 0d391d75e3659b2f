import { QuotaServiceError } from "./quota-service-error.ts";

/** A plan that subscriptions refer to, or the default plan, cannot be deleted (R6). */
export class PlanInUseError extends QuotaServiceError {
  readonly reason = "PLAN_IN_USE";
  readonly planCode: string;
  readonly use: "SUBSCRIBED" | "DEFAULT";

  constructor(planCode: string, use: "SUBSCRIBED" | "DEFAULT") {
    super(
      use === "DEFAULT"
        ? `plan ${planCode} is the default plan and cannot be deleted`
        : `plan ${planCode} has subscriptions and cannot be deleted`,
    );
    this.planCode = planCode;
    this.use = use;
  }
}

/** A different plan of this code exists (R17). */
export class PlanExistsError extends QuotaServiceError {
  readonly reason = "PLAN_EXISTS";
  readonly planCode: string;
  readonly revision: bigint;

  constructor(planCode: string, revision: bigint) {
    super(`plan ${planCode} exists with other content (revision ${revision})`);
    this.planCode = planCode;
    this.revision = revision;
  }
}

/** Somebody else changed the plan since the caller read it. */
export class RevisionMismatchError extends QuotaServiceError {
  readonly reason = "REVISION_MISMATCH";
  readonly planCode: string;
  readonly sent: bigint;
  readonly actual: bigint;

  constructor(planCode: string, sent: bigint, actual: bigint) {
    super(`plan ${planCode} is at revision ${actual}, not ${sent}`);
    this.planCode = planCode;
    this.sent = sent;
    this.actual = actual;
  }
}
