import { create, type DescMethod, toBinary } from "@bufbuild/protobuf";
import {
  status as grpcStatus,
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from "@grpc/grpc-js";
import type { ActiveCalls } from "../active-calls.ts";
import { admissionTo, pathOf } from "../auth/admission.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { requestDecoder } from "../decoding/decode-binary.ts";
import { statusOf } from "../errors/error-status.ts";
import type { Log } from "../log.ts";
import { requestIdHeader } from "../request-id.ts";
import type { AnyUnaryHandler, ServedService } from "../served-services.ts";
import { GrpcCallContext } from "./grpc-call-context.ts";
import { statusResponse } from "./status-response.ts";

export interface ServingContext {
  readonly calls: ActiveCalls;
  readonly authenticator: Authenticator;
  readonly log: Log;
}

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
  const admit = admissionTo(method, serving.authenticator);

  async function answer(request: Buffer, context: GrpcCallContext): Promise<Buffer> {
    serving.calls.begin();
    try {
      const principal = admit(context);
      context.admit(principal instanceof Promise ? await principal : principal);
      const response = create(method.output, await handler(decode(request), context));
      const { buffer, byteOffset, byteLength } = toBinary(method.output, response);
      return Buffer.from(buffer, byteOffset, byteLength);
    } finally {
      serving.calls.end();
    }
  }

  async function serve(call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): Promise<void> {
    const context = new GrpcCallContext(call);
    const begunAt = performance.now();
    const logged = { requestId: context.requestId, method: path };
    let code = grpcStatus.OK;
    try {
      const response = await answer(call.request, context);
      context.answered();
      callback(null, response);
    } catch (error) {
      // grpc-js has ended the call itself then, as CANCELLED or DEADLINE_EXCEEDED.
      if (context.explains(error)) return serving.log.debug(logged, "call given up");
      const failure = statusResponse(statusOf(error, logged, serving.log));
      failure.metadata.set(requestIdHeader, context.requestId);
      code = failure.code;
      context.answered();
      callback(failure);
    }
    serving.log.debug({ ...logged, code: grpcStatus[code], ms: performance.now() - begunAt }, "call answered");
  }

  return (call, callback) => {
    serve(call, callback).catch(() => callback({ code: grpcStatus.INTERNAL, details: "internal error" }));
  };
}
