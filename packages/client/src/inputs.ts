import {
  create,
  type DescMessage,
  type JsonObject,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type CheckQuotaRequest,
  CheckQuotaRequestSchema,
  type GetStatusRequest,
  GetStatusRequestSchema,
  type ListEventsRequest,
  ListEventsRequestSchema,
  type RecordUsageRequest,
  RecordUsageRequestSchema,
} from "./gen/quota/v1/quota_service_pb.ts";
import { EventOrder } from "./gen/quota/v1/usage_pb.ts";
import { requireJson } from "./require-json.ts";

export interface CheckQuotaInput {
  /** A UUID. A key that belongs to a tenant may leave it out. */
  readonly tenantId?: string | undefined;
  readonly metricCode: string;
  /** In the metric's unit, 1 to 10^15. */
  readonly amount: bigint | number;
  /** Decide by this plan instead of the tenant's. */
  readonly planCode?: string | undefined;
}

export interface RecordUsageInput extends CheckQuotaInput {
  /** At most 8 KiB as JSON; pseudonymous ids only, because events cannot be changed or deleted. */
  readonly metadata?: JsonObject | undefined;
  /**
   * One for each use, and the same one whenever that use is recorded again, also after a restart of the caller; 1 to 128
   * printable ASCII characters. Without it the client makes one, which makes its own retries safe and no others.
   */
  readonly idempotencyKey?: string | undefined;
}

export interface GetStatusInput {
  readonly tenantId?: string | undefined;
  /** Only these metrics; without it every metric of the plan. */
  readonly metricCodes?: readonly string[] | undefined;
}

export interface ListEventsInput {
  readonly tenantId?: string | undefined;
  readonly metricCode?: string | undefined;
  /** Inclusive. */
  readonly createdFrom?: Date | undefined;
  /** Exclusive. */
  readonly createdBefore?: Date | undefined;
  /** Default: newest first. Oldest first never misses an event of one metric that is written while it reads. */
  readonly order?: "newest-first" | "oldest-first" | undefined;
  /** Events on a page, at most 1,000; 0 or nothing means 100. */
  readonly pageSize?: number | undefined;
  /** `nextPageToken` of a page of the same list, to go on behind it. */
  readonly pageToken?: string | undefined;
}

const orders = { "newest-first": EventOrder.NEWEST_FIRST, "oldest-first": EventOrder.OLDEST_FIRST };

/** A use as every attempt sends it, and as it is kept when nobody decided. */
export type KeyedUse = RecordUsageInput & { readonly idempotencyKey: string };

/**
 * The use with its key, apart from whatever the caller does with its objects afterwards: other content under the same key
 * would be refused, or kept in place of what was used.
 *
 * @throws TypeError that names the field
 */
export function keyedUse(input: RecordUsageInput, idempotencyKey: string): KeyedUse {
  const { metadata } = input;
  if (metadata === undefined) return { ...input, idempotencyKey };
  requireJson(metadata, "metadata");
  return { ...input, idempotencyKey, metadata: structuredClone(metadata) };
}

/** @throws TypeError or RangeError that names the field */
export function recordUsageRequest(use: KeyedUse): RecordUsageRequest {
  const { metadata, idempotencyKey } = use;
  return sendable(RecordUsageRequestSchema, {
    ...usageOf(use),
    idempotencyKey,
    ...(metadata === undefined ? {} : { metadata }),
  });
}

/** @throws TypeError or RangeError that names the field */
export function checkQuotaRequest(input: CheckQuotaInput): CheckQuotaRequest {
  return sendable(CheckQuotaRequestSchema, usageOf(input));
}

/** @throws TypeError or RangeError that names the field */
export function getStatusRequest({ tenantId = "", metricCodes = [] }: GetStatusInput): GetStatusRequest {
  return sendable(GetStatusRequestSchema, { tenantId, metricCodes: [...metricCodes] });
}

/** @throws TypeError or RangeError that names the field */
export function listEventsRequest(input: ListEventsInput, pageToken: string): ListEventsRequest {
  const { tenantId = "", metricCode, createdFrom, createdBefore, order, pageSize = 0 } = input;
  return sendable(ListEventsRequestSchema, {
    tenantId,
    pageSize,
    pageToken,
    ...(metricCode === undefined ? {} : { metricCode }),
    ...(createdFrom === undefined ? {} : { createdFrom: timestampOf("createdFrom", createdFrom) }),
    ...(createdBefore === undefined ? {} : { createdBefore: timestampOf("createdBefore", createdBefore) }),
    ...(order === undefined ? {} : { order: orders[order] }),
  });
}

/**
 * The service judges what can be sent; this only refuses what cannot, before anything is sent, so that a mistake of the
 * caller is never taken for a service that cannot be reached.
 */
function sendable<S extends DescMessage>(schema: S, init: MessageInitShape<S>): MessageShape<S> {
  try {
    const message = create(schema, init);
    toBinary(schema, message);
    return message;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`the request cannot be sent: ${why}`, { cause });
  }
}

function timestampOf(name: string, date: Date) {
  if (Number.isNaN(date.getTime())) throw new RangeError(`${name} is an invalid date`);
  return timestampFromDate(date);
}

function usageOf({ tenantId = "", metricCode, amount, planCode }: CheckQuotaInput) {
  return {
    tenantId,
    metricCode,
    amount: wholeAmount(amount),
    ...(planCode === undefined ? {} : { planCode }),
  };
}

const int64Max = 2n ** 63n - 1n;

function wholeAmount(amount: bigint | number): bigint {
  // A number past 2^53 may not be the one that was meant.
  const whole = typeof amount === "bigint" || Number.isSafeInteger(amount) ? BigInt(amount) : undefined;
  if (whole === undefined || whole > int64Max || whole < -int64Max) {
    throw new RangeError(`amount is ${String(amount)}; a whole number from 1 to 1000000000000000 is allowed`);
  }
  return whole;
}
