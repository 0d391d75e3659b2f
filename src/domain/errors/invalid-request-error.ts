import { QuotaServiceError } from "./quota-service-error.ts";

/** One bad field: where it is, and what is wrong with the value and what is allowed. */
export interface FieldViolation {
  /** Path in the request, in the contract's names: `plan.limits[2].metric_code`. */
  readonly field: string;
  readonly description: string;
}

/** Every bad field of a request at once. */
export class InvalidRequestError extends QuotaServiceError {
  readonly reason = "INVALID_REQUEST";
  readonly violations: readonly FieldViolation[];

  constructor(violations: readonly FieldViolation[]) {
    super(violations.map((violation) => `${violation.field}: ${violation.description}`).join("; "));
    this.violations = violations;
  }
}

/** A page token that was altered, belongs to another listing, or is too old (R16). */
export class PageTokenInvalidError extends QuotaServiceError {
  readonly reason = "PAGE_TOKEN_INVALID";
  readonly description: string;

  constructor(description: string) {
    super(`page_token: ${description}`);
    this.description = description;
  }
}

/** A request message larger than the bound. */
export class MessageTooLargeError extends QuotaServiceError {
  readonly reason = "MESSAGE_TOO_LARGE";
  /** Absent when the message was refused before its size was known. */
  readonly sizeBytes: number | undefined;
  readonly sizeBytesMax: number;

  constructor(sizeBytes: number | undefined, sizeBytesMax: number) {
    super(
      `the request is ${sizeBytes === undefined ? "larger than" : `${sizeBytes} bytes, more than`} ${sizeBytesMax} bytes`,
    );
    this.sizeBytes = sizeBytes;
    this.sizeBytesMax = sizeBytesMax;
  }
}
