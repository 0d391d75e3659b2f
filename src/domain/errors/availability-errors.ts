import { QuotaServiceError } from "./quota-service-error.ts";

/** The storage cannot be reached or does not answer; nothing was written. */
export class DatabaseUnavailableError extends QuotaServiceError {
  readonly reason = "DATABASE_UNAVAILABLE";

  constructor(cause: unknown) {
    super("the database cannot be reached", { cause });
  }
}

/** The keys that tokens are signed with cannot be had, so that nothing can be said about a token. */
export class IssuerKeysUnavailableError extends QuotaServiceError {
  readonly reason = "DATABASE_UNAVAILABLE";

  constructor(cause: unknown) {
    super("the keys of the token's issuer cannot be had", { cause });
  }
}

/** More work than can be taken on now, or more lost races than allowed; nothing was written. */
export class OverloadedError extends QuotaServiceError {
  readonly reason = "OVERLOADED";

  constructor(message: string) {
    super(message);
  }
}

/** The process is stopping and takes no new work. */
export class DrainingError extends QuotaServiceError {
  readonly reason = "DRAINING";

  constructor() {
    super("the server is shutting down");
  }
}

/** The commit may or may not have happened, and the storage cannot be asked (R14). */
export class OutcomeUnknownError extends QuotaServiceError {
  readonly reason = "OUTCOME_UNKNOWN";
  /** Whether the call may be repeated: it has one effect (a key, a put). Otherwise it must not be repeated blindly. */
  readonly isRepeatable: boolean;

  constructor(isRepeatable: boolean, cause: unknown) {
    super("it is not known whether the change was made", { cause });
    this.isRepeatable = isRepeatable;
  }
}
