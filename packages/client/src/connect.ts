import { create, type DescMessage, type DescMethodUnary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { ConnectError, type Transport } from "@connectrpc/connect";
import { statusCodeOf } from "./status-code.ts";
import { type AttemptOptions, CallFailure, type PackedDetail, type QuotaTransport } from "./transport.ts";

/**
 * Any transport of Connect: `createConnectTransport`, `createGrpcWebTransport` or `createGrpcTransport` of
 * `@connectrpc/connect-web` or `@connectrpc/connect-node`. It must not retry by an interceptor of its own.
 */
export function connectTransport(transport: Transport): QuotaTransport {
  return {
    unary: (method, request, attempt) => call(transport, method, request, attempt),
    // What Connect opens it closes itself when it is idle.
    close: () => undefined,
  };
}

async function call<I extends DescMessage, O extends DescMessage>(
  transport: Transport,
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
  { headers, timeoutMs, signal }: AttemptOptions,
): Promise<MessageShape<O>> {
  try {
    // Connect writes the number into a header that allows whole milliseconds only.
    const response = await transport.unary(method, signal, Math.ceil(timeoutMs), { ...headers }, request);
    return response.message;
  } catch (error) {
    const failure = ConnectError.from(error);
    throw new CallFailure(statusCodeOf(failure.code), failure.rawMessage, packedDetails(failure), error);
  }
}

function packedDetails(error: ConnectError): PackedDetail[] {
  return error.details.map((detail) =>
    "desc" in detail
      ? { typeName: detail.desc.typeName, value: toBinary(detail.desc, create(detail.desc, detail.value)) }
      : { typeName: detail.type, value: detail.value },
  );
}
