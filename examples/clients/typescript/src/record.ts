import { setTimeout as sleep } from "node:timers/promises";
import { type ServiceError, status } from "@grpc/grpc-js";
import { ErrorInfo, QuotaFailure, RetryInfo } from "../gen/google/rpc/error_details.ts";
import { Status } from "../gen/google/rpc/status.ts";
import type { QuotaServiceClient, RecordUsageRequest, RecordUsageResponse } from "../gen/quota/v1/quota_service.ts";
import { type Call, callTimeoutMs } from "./call.ts";

const attemptTimeoutMs = 2_000;
const backoffInitialMs = 100;
const backoffMaxMs = 2_000;

/** A hard limit refused the use. */
export class RefusedError extends Error {
  readonly info: ErrorInfo;
  readonly failure: QuotaFailure | undefined;
  /** 0 when no later period would admit the amount. */
  readonly retryAfterMs: number;

  constructor(info: ErrorInfo, failure: QuotaFailure | undefined, retryAfterMs: number) {
    super(info.reason);
    this.info = info;
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Records a use, and repeats the request as it is while nobody knows what became of it. It carries an idempotency key, so it
 * counts once however often it arrives; the service config leaves records alone, because it cannot see the key.
 */
export async function record(
  client: QuotaServiceClient,
  call: Call,
  request: RecordUsageRequest & { readonly idempotencyKey: string },
): Promise<RecordUsageResponse> {
  const deadline = Date.now() + callTimeoutMs;
  for (let backoffMs = backoffInitialMs; ; backoffMs = Math.min(2 * backoffMs, backoffMaxMs)) {
    try {
      const timeoutMs = Math.min(attemptTimeoutMs, deadline - Date.now());
      return await call<RecordUsageResponse>((...rest) => client.recordUsage(request, ...rest), timeoutMs);
    } catch (error) {
      const failed = error as ServiceError;
      const retryAfterMs = retryAfterMsIn(failed);
      const info = detail(failed, "google.rpc.ErrorInfo", ErrorInfo);
      // By the ErrorInfo, because a code alone may be a proxy's.
      if (info?.domain === "quota.v1" && info.reason === "QUOTA_EXCEEDED") {
        throw new RefusedError(info, detail(failed, "google.rpc.QuotaFailure", QuotaFailure), retryAfterMs);
      }
      const isRepeatable = failed.code === status.UNAVAILABLE || failed.code === status.DEADLINE_EXCEEDED;
      const waitMs = retryAfterMs + Math.random() * backoffMs;
      if (!isRepeatable || Date.now() + waitMs > deadline) throw error;
      await sleep(waitMs);
    }
  }
}

/** The error's detail of a type. */
function detail<T>(error: ServiceError, typeName: string, type: { decode(bytes: Uint8Array): T }): T | undefined {
  const [packed] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (!(packed instanceof Buffer)) return undefined;
  const found = Status.decode(packed).details.find(({ typeUrl }) => typeUrl.endsWith(`/${typeName}`));
  return found === undefined ? undefined : type.decode(found.value);
}

function retryAfterMsIn(error: ServiceError): number {
  const delay = detail(error, "google.rpc.RetryInfo", RetryInfo)?.retryDelay;
  return delay === undefined ? 0 : Number(delay.seconds) * 1_000 + delay.nanos / 1_000_000;
}
