import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.ts";
import type { CallFailure } from "./transport.ts";

const domain = "quota.v1";

/** A field of the request that the service refused. */
export interface FieldViolation {
  /** As in the contract, for instance `metric_code`. */
  readonly field: string;
  readonly description: string;
}

/** What the service said about a failure. Everything is empty when the service did not say it, but a library or a proxy. */
export interface ErrorDetails {
  readonly reason: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  /** From `RetryInfo`, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

export function errorDetailsOf(failure: CallFailure): ErrorDetails {
  const info = unpack(failure, ErrorInfoSchema);
  // Something between us and the service may use the same message for reasons of its own.
  if (info === undefined || info.domain !== domain) {
    return { reason: undefined, metadata: {}, violations: [], retryAfterMs: undefined };
  }
  const delay = unpack(failure, RetryInfoSchema)?.retryDelay;
  const violations = unpack(failure, BadRequestSchema)?.fieldViolations ?? [];
  return {
    reason: info.reason,
    metadata: info.metadata,
    violations: violations.map(({ field, description }) => ({ field, description })),
    retryAfterMs: delay === undefined ? undefined : durationMs(delay),
  };
}

function unpack<S extends DescMessage>(failure: CallFailure, schema: S): MessageShape<S> | undefined {
  const packed = failure.details.find(({ typeName }) => typeName === schema.typeName);
  if (packed === undefined) return undefined;
  try {
    return fromBinary(schema, packed.value);
  } catch {
    return undefined;
  }
}
