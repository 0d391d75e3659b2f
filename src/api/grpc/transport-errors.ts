import type { ServerHttp2Stream } from "node:http2";
import { status as grpcStatus, ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { requestBytesMax } from "../../domain/bounds.ts";
import { InvalidRequestError, MessageTooLargeError } from "../../domain/errors/invalid-request-error.ts";
import type { QuotaServiceError } from "../../domain/errors/quota-service-error.ts";
import type { ConnectionGuard } from "../abuse/connection-guard.ts";
import { connectionName } from "../abuse/connection-name.ts";
import { discardedBytesMax } from "../discarded-bytes.ts";
import { statusOfDomainError } from "../errors/error-status.ts";
import { statusDetailsHeader, statusResponse } from "./status-response.ts";

/** In a field that TypeScript alone calls private. A wire test fails when it lies elsewhere. */
interface Insides {
  readonly stream?: Pick<ServerHttp2Stream, "on">;
}

/** Where calls that are none are counted. */
type CountedConnections = Pick<ConnectionGuard, "fault" | "account">;
type InterceptedCall = Parameters<ServerInterceptor>[1];
type SentStatus = Parameters<InterceptedCall["sendStatus"]>[0];

/**
 * Says in our words what grpc-js refuses on its own: RESOURCE_EXHAUSTED belongs to quotas alone, and INTERNAL is a
 * defect of ours, not of the caller's.
 *
 * grpc-js sends these statuses from its innermost call object, past every interceptor, so the way out of that object
 * itself is replaced. A wire test holds each of them.
 *
 * It also names the call's connection by both ends.
 *
 * @param connections told of each call that was none
 */
export function transportErrors(connections: CountedConnections): ServerInterceptor {
  return (_method, call) => {
    call.getPeer = connectionOf;
    const sendStatus = call.sendStatus.bind(call);
    call.sendStatus = (sent) => {
      const error = ownErrorFor(sent);
      if (error !== undefined || sent.code === grpcStatus.UNAUTHENTICATED) connections.fault(call.getPeer());
      if (error instanceof MessageTooLargeError) accountForRest(call, connections);
      sendStatus(error === undefined ? sent : statusResponse(statusOfDomainError(error)));
    };
    return new ServerInterceptingCall(call);
  };
}

/**
 * What comes of a request after it was refused as too large is thrown away: its sender does not know yet. By what has come,
 * because what a request says of its own size is no measure of what a connection may send.
 */
function accountForRest(call: InterceptedCall, connections: CountedConnections): void {
  const { stream } = call as unknown as Insides;
  const connection = call.getPeer();
  let left = discardedBytesMax;
  stream?.on("data", ({ byteLength }: Uint8Array) => {
    const bytes = Math.min(byteLength, left);
    left -= bytes;
    if (bytes > 0) connections.account(connection, bytes);
  });
}

/** grpc-js names the far end only, which connections to several doors may share. */
function connectionOf(this: InterceptedCall): string {
  return connectionName(this.getConnectionInfo());
}

/** The texts by which grpc-js tells faults of the request; there is nothing else to know them by. */
const requestFaults: readonly (readonly [RegExp, string])[] = [
  [/^Failed to decompress message/, "cannot be decompressed by its grpc-encoding"],
  [/^Error deserializing request/, "is not a readable protobuf message"],
  [/^Invalid grpc-timeout/, "has a grpc-timeout that is none"],
];

function ownErrorFor({ code, details, metadata }: SentStatus): QuotaServiceError | undefined {
  const isOurs = metadata !== null && metadata !== undefined && metadata.get(statusDetailsHeader).length > 0;
  if (isOurs) return undefined;
  if (code === grpcStatus.RESOURCE_EXHAUSTED) return new MessageTooLargeError(undefined, requestBytesMax);
  if (code !== grpcStatus.INTERNAL) return undefined;
  const fault = requestFaults.find(([pattern]) => pattern.test(details ?? ""));
  return fault === undefined ? undefined : new InvalidRequestError([{ field: "request", description: fault[1] }]);
}
