import { counterMax } from "../bounds.ts";
import { QuotaServiceError } from "./quota-service-error.ts";

/** The counter would pass 2^53 - 1, beyond which JSON numbers are no longer exact. */
export class CounterOverflowError extends QuotaServiceError {
  readonly reason = "COUNTER_OVERFLOW";
  readonly metricCode: string;
  readonly current: bigint;
  readonly requested: bigint;

  constructor(metricCode: string, current: bigint, requested: bigint) {
    super(`${metricCode}: ${current} + ${requested} would pass the largest counter, ${counterMax}`);
    this.metricCode = metricCode;
    this.current = current;
    this.requested = requested;
  }
}
