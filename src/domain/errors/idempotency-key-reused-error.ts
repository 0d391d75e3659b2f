import { quoted } from "../echo.ts";
import { QuotaServiceError } from "./quota-service-error.ts";

/** The key already stands for an event with other content (R13). */
export class IdempotencyKeyReusedError extends QuotaServiceError {
  readonly reason = "IDEMPOTENCY_KEY_REUSED";
  readonly idempotencyKey: string;
  /** The event that the key stands for; it is the same tenant's, so naming it discloses nothing. */
  readonly eventId: string;

  constructor(idempotencyKey: string, eventId: string) {
    super(`idempotency key ${quoted(idempotencyKey)} was already used for event ${eventId} with other content`);
    this.idempotencyKey = idempotencyKey;
    this.eventId = eventId;
  }
}
