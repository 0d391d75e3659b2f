import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import {
  status as grpcStatus,
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from "@grpc/grpc-js";
import type { Principal } from "../../domain/principal.ts";
import type { DoorBounds } from "../abuse/door-bounds.ts";
import type { ActiveCalls } from "../active-calls.ts";
import { admissionTo, pathOf } from "../auth/admission.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { requestDecoder } from "../decoding/decode-binary.ts";
import { isUnreadable } from "../decoding/unreadable.ts";
import { messageEncoder } from "../encoding/message-encoder.ts";
import { statusOf } from "../errors/error-status.ts";
import type { Log } from "../log.ts";
import { requestIdHeader } from "../request-id.ts";
import type { AnyUnaryHandler, ServedService } from "../served-services.ts";
import { GrpcCallContext } from "./grpc-call-context.ts";
import { statusResponse } from "./status-response.ts";

export interface ServingContext {
  readonly calls: ActiveCalls;
  readonly authenticator: Authenticator;
  readonly bounds: DoorBounds;
  readonly log: Log;
}

/** Not worth counting while they wait to be read: a connection has room for a thousand calls, so for a mebibyte of these. */
const smallAnswerBytesMax = 1_024;

export interface UnaryService {
  readonly definition: ServiceDefinition;
  readonly implementation: Record<string, handleUnaryCall<Buffer, Buffer>>;
}

/**
 * A service in grpc-js's terms. Requests arrive as bytes and are decoded inside the call, so that what cannot be
 * decoded is answered in our words; grpc-js would say INTERNAL.
 */
export function unaryService({ rpcs }: ServedService, context: ServingContext): UnaryService {
  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: UnaryService["implementation"] = {};
  for (const { method, handler } of rpcs) {
    const path = pathOf(method);
    definition[method.name] = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    implementation[method.name] = unaryCall(path, method, handler, context);
  }
  return { definition, implementation };
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

function unaryCall(
  path: string,
  method: DescMethod,
  handler: AnyUnaryHandler,
  serving: ServingContext,
): handleUnaryCall<Buffer, Buffer> {
  const decode = requestDecoder(method.input);
  const { encode } = messageEncoder(method.output);
  const admit = admissionTo(method, serving.authenticator);

  const { callers, unsent } = serving.bounds;
  // Its level does not change while the service runs.
  const isLogged = serving.log.isLevelEnabled?.("debug") ?? true;
  const changesNothing = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;

  async function answer(request: Buffer, context: GrpcCallContext): Promise<Buffer> {
    serving.calls.begin();
    let entered: Principal | undefined;
    try {
      const found = admit(context);
      const principal = found instanceof Promise ? await found : found;
      callers.enter(principal);
      entered = principal;
      unsent.requireRoom(context, principal);
      context.admit(principal);
      const response = encode(await handler(decode(request), context));
      if (changesNothing) unsent.requireRoom(context, principal);
      return response;
    } finally {
      if (entered !== undefined) callers.leave(entered);
      serving.calls.end();
    }
  }

  /** Counts an answer until the call has ended, which grpc-js reports when its last byte is out or its stream gone. */
  function send(
    call: ServerUnaryCall<Buffer, Buffer>,
    context: GrpcCallContext,
    response: Buffer,
    callback: sendUnaryData<Buffer>,
  ): void {
    if (response.byteLength > smallAnswerBytesMax && !call.cancelled) {
      call.once("cancelled", unsent.add(context.connection, response.byteLength, context.principal));
    }
    callback(null, response);
  }

  async function serve(call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): Promise<void> {
    const context = new GrpcCallContext(call);
    const begunAt = performance.now();
    const logged = () => ({ requestId: context.requestId, method: path });
    let code = grpcStatus.OK;
    try {
      const response = await answer(call.request, context);
      context.answered();
      send(call, context, response, callback);
    } catch (error) {
      // grpc-js has ended the call itself then, as CANCELLED or DEADLINE_EXCEEDED.
      if (context.explains(error)) return serving.log.debug(logged(), "call given up");
      if (isUnreadable(error)) serving.bounds.connections.fault(context.connection);
      const failure = statusResponse(statusOf(error, logged(), serving.log));
      failure.metadata.set(requestIdHeader, context.requestId);
      code = failure.code;
      context.answered();
      callback(failure);
    }
    if (!isLogged) return;
    serving.log.debug({ ...logged(), code: grpcStatus[code], ms: performance.now() - begunAt }, "call answered");
  }

  return (call, callback) => {
    serve(call, callback).catch(() => callback({ code: grpcStatus.INTERNAL, details: "internal error" }));
  };
}
