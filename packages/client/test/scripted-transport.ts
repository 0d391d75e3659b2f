import { create, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.ts";
import type {
  CheckQuotaResponseSchema,
  RecordUsageRequest,
  RecordUsageResponseSchema,
} from "../src/gen/quota/v1/quota_service_pb.ts";
import type { StatusCode } from "../src/status-code.ts";
import { type AttemptOptions, CallFailure, type QuotaTransport } from "../src/transport.ts";

export interface SentAttempt {
  readonly method: string;
  readonly request: MessageShape<DescMessage>;
  readonly options: AttemptOptions;
  readonly atMs: number;
}

/** What an attempt comes to. */
export type Step = (attempt: SentAttempt) => unknown;

export interface ScriptedTransport extends QuotaTransport {
  readonly sent: readonly SentAttempt[];
  readonly closed: boolean;
}

/** Plays one step for each attempt, and the last one for all that follow. */
export function scripted(...steps: readonly Step[]): ScriptedTransport {
  const sent: SentAttempt[] = [];
  const transport = {
    sent,
    closed: false,
    async unary<O extends DescMessage>(
      method: { readonly name: string; readonly output: O },
      request: MessageShape<DescMessage>,
      options: AttemptOptions,
    ): Promise<MessageShape<O>> {
      const attempt = { method: method.name, request, options, atMs: performance.now() };
      sent.push(attempt);
      const step = steps[Math.min(sent.length, steps.length) - 1];
      const answer = (await step?.(attempt)) as MessageInitShape<O>;
      return create(method.output, answer);
    },
    close() {
      transport.closed = true;
    },
  };
  return transport;
}

export interface FailureOptions {
  readonly reason?: string;
  readonly domain?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly retryAfterMs?: number;
  readonly violations?: readonly { readonly field: string; readonly description: string }[];
}

export function failure(code: StatusCode, options: FailureOptions = {}): CallFailure {
  const { reason, domain = "quota.v1", metadata = {}, retryAfterMs, violations } = options;
  const packed = [
    ...(reason === undefined ? [] : [anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason, domain, metadata }))]),
    ...(retryAfterMs === undefined
      ? []
      : [anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: durationFromMs(retryAfterMs) }))]),
    ...(violations === undefined
      ? []
      : [anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations: [...violations] }))]),
  ];
  const details = packed.map(({ typeUrl, value }) => ({ typeName: typeUrl.split("/")[1] ?? "", value }));
  return new CallFailure(code, `${code} ${reason ?? ""}`, details);
}

export const fails =
  (code: StatusCode, options?: FailureOptions): Step =>
  () => {
    throw failure(code, options);
  };

/** Never answers, and does not heed the signal either. */
export const hangs: Step = () => new Promise(() => undefined);

export const refusal = fails("RESOURCE_EXHAUSTED", {
  reason: "QUOTA_EXCEEDED",
  metadata: {
    metric_code: "tracked_products",
    limit: "100",
    current: "98",
    requested: "3",
    remaining: "2",
    enforcement: "HARD",
    limit_source: "SUBSCRIBED_PLAN",
    plan_code: "starter",
    period_end: "2026-09-01T00:00:00.000Z",
  },
  retryAfterMs: 3_600_000,
});

/** Records whatever it is asked to. */
export const records: Step = ({ request }) => {
  const { amount, idempotencyKey, metricCode } = request as RecordUsageRequest;
  const answer: MessageInitShape<typeof RecordUsageResponseSchema> = {
    event: {
      id: "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e",
      amount,
      metricCode,
      idempotencyKey: idempotencyKey ?? "",
      createdAt: { seconds: 1_700_000_000n, nanos: 5_000_000 },
      sequence: 1n,
      usageAfter: amount,
    },
    status: { metricCode, current: amount, limit: 100n, remaining: 100n - amount },
  };
  return answer;
};

export const allows: Step = () => {
  const answer: MessageInitShape<typeof CheckQuotaResponseSchema> = {
    allowed: true,
    remaining: 7n,
    status: { metricCode: "tracked_products", current: 1n, limit: 10n, remaining: 9n },
  };
  return answer;
};

export function keysOf(transport: ScriptedTransport): (string | undefined)[] {
  return transport.sent.map(({ request }) => (request as RecordUsageRequest).idempotencyKey);
}

/** The error that a promise is expected to reject with. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("was expected to fail, but succeeded");
}
