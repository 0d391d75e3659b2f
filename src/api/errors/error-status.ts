import { create, toBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { type Status, StatusSchema } from "../../../gen/google/rpc/status_pb.ts";
import { InvalidRequestError } from "../../domain/errors/invalid-request-error.ts";
import { QuotaServiceError } from "../../domain/errors/quota-service-error.ts";
import type { Log } from "../log.ts";
import { detailsOf, errorDomain, packed, violationsShownMax } from "./error-details.ts";
import { type ErrorMetadata, metadataOf } from "./error-metadata.ts";
import { codeOf, codesByReason, type ErrorReasonName } from "./reason-codes.ts";

/** Largest google.rpc.Status; it travels in a header, and proxies cut those off at 8 KiB and less. */
export const statusBytesMax = 4 * 1024;

/** Violations told in the message itself, which is what grpcurl shows first. */
const violationsInMessageMax = 3;
/** Of our own making, so that no text that grew unseen can push the details out of the header. */
const messageLengthMax = 1_024;

/** What a log line needs to be found again from the answer. */
export interface FailedCall {
  readonly requestId: string;
  /** The path of the RPC. */
  readonly method: string;
}

/**
 * What the caller is told. An error that is not the domain's is a defect of ours: its text may hold anything, SQL and
 * tenants' data included, so it goes to the log and the caller gets the request id to name it by.
 */
export function statusOf(error: unknown, call: FailedCall, log: Log): Status {
  if (!(error instanceof QuotaServiceError)) {
    log.error({ ...call, err: error }, "a call failed unexpectedly");
    const metadata = { request_id: call.requestId };
    const message = `internal error; the service's log has it under request id ${call.requestId}`;
    return build(codesByReason.INTERNAL, message, [errorInfo("INTERNAL", metadata)]);
  }
  if (error.cause !== undefined) log.error({ ...call, reason: error.reason, err: error.cause }, error.message);
  return statusOfDomainError(error);
}

/** What the caller is told about an error that the service decided on. */
export function statusOfDomainError(error: QuotaServiceError): Status {
  const info = errorInfo(error.reason, metadataOf(error));
  for (let violationsMax = violationsShownMax; ; violationsMax -= 1) {
    const status = build(codeOf(error), messageOf(error), [info, ...detailsOf(error, violationsMax)]);
    if (violationsMax === 0 || toBinary(StatusSchema, status).byteLength <= statusBytesMax) return status;
  }
}

function build(code: number, message: string, details: Any[]): Status {
  // Half a surrogate pair would make the percent-encoding of the status line throw.
  return create(StatusSchema, { code, message: message.slice(0, messageLengthMax).toWellFormed(), details });
}

function errorInfo(reason: ErrorReasonName, metadata: ErrorMetadata): Any {
  return packed(ErrorInfoSchema, { reason, domain: errorDomain, metadata });
}

function messageOf(error: QuotaServiceError): string {
  if (!(error instanceof InvalidRequestError)) return error.message;
  const { violations } = error;
  const shown = violations.slice(0, violationsInMessageMax).map(({ field, description }) => `${field} ${description}`);
  const more = violations.length - shown.length;
  return more > 0 ? `${shown.join("; ")}; and ${more} more` : shown.join("; ");
}
