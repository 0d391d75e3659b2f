import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "../../../../gen/google/rpc/error_details_pb.ts";

/** The header that names a request, in the service's log as well. */
export const requestIdHeader = "x-request-id";

/** What went wrong, in words for people, with what the service said and the id to ask its operator about. */
export interface Failure {
  readonly title: string;
  /** The service's own words. Empty where it was not reached. */
  readonly message: string;
  /** The name of the contract's ErrorReason, or of the code where the answer came from elsewhere. */
  readonly reason: string;
  readonly violations: readonly { readonly field: string; readonly description: string }[];
  /** Empty where the request never got one. */
  readonly requestId: string;
  /** True when the same call may succeed later without anything being changed. */
  readonly isTransient: boolean;
}

const titlesByReason: Readonly<Record<string, string>> = {
  INVALID_REQUEST: "The service does not accept these filters",
  PAGE_TOKEN_INVALID: "This page can no longer be opened",
  CREDENTIAL_MISSING: "Sign in to see this",
  CREDENTIAL_INVALID: "The key or token is no longer accepted",
  ROLE_NOT_ALLOWED: "The signed-in role may not read this",
  TENANT_MISMATCH: "The signed-in credential belongs to another tenant",
  OVERLOADED: "The service is busy",
  CALLER_THROTTLED: "Too many requests from this credential",
  DATABASE_UNAVAILABLE: "The service cannot reach its database",
  DRAINING: "The service is restarting",
  INTERNAL: "The service met a defect of its own",
};

const titlesByCode: Readonly<Partial<Record<Code, string>>> = {
  [Code.Unauthenticated]: "Sign in to see this",
  [Code.PermissionDenied]: "The signed-in role may not read this",
  [Code.Unimplemented]: "This service does not offer what the console asks for",
  [Code.DeadlineExceeded]: "The service took too long to answer",
};

const transientCodes: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Aborted,
  Code.Unknown,
  Code.Internal,
]);

/** Turns whatever a call threw into something to show. */
export function failureOf(thrown: unknown): Failure {
  const error = ConnectError.from(thrown);
  const requestId = error.metadata.get(requestIdHeader) ?? "";
  const info = error.findDetails(ErrorInfoSchema)[0];
  if (info === undefined && wasNotAnswered(error)) {
    return {
      title: "The service cannot be reached",
      message: "There was no answer. It may be stopped, or the network between may be down.",
      reason: "NO_ANSWER",
      violations: [],
      requestId,
      isTransient: true,
    };
  }
  const reason = info?.reason ?? Code[error.code].toUpperCase();
  return {
    title: titlesByReason[reason] ?? titlesByCode[error.code] ?? "The service answered with an error",
    message: error.rawMessage,
    reason,
    violations: error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations),
    requestId,
    isTransient: transientCodes.has(error.code),
  };
}

/** `fetch` rejects with a TypeError when there was no answer at all. */
function wasNotAnswered(error: ConnectError): boolean {
  return error.cause instanceof TypeError;
}

export function isUnauthenticated(thrown: unknown): boolean {
  return ConnectError.from(thrown).code === Code.Unauthenticated;
}

export function isNotFound(thrown: unknown): boolean {
  return ConnectError.from(thrown).code === Code.NotFound;
}

/** The reason that the contract gives an error, where it gives one. */
export function reasonOf(thrown: unknown): string | undefined {
  return ConnectError.from(thrown).findDetails(ErrorInfoSchema)[0]?.reason;
}

/** True for what a repeat of a read may cure without a person doing anything. */
export function isWorthRetrying(thrown: unknown): boolean {
  return ConnectError.from(thrown).code === Code.Unavailable;
}
