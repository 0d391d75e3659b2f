import { type DescMessage, type DescMethodUnary, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { StatusSchema } from "./gen/google/rpc/status_pb.ts";
import { statusCodeOf } from "./status-code.ts";
import { type AttemptOptions, CallFailure, type PackedDetail, type QuotaTransport } from "./transport.ts";

export interface GrpcTransportOptions {
  /** `host:port`, or any other target that grpc-js takes, for instance `dns:///quota.internal:443`. */
  readonly address: string;
  /** Default: TLS with the system's certificate authorities. `credentials.createInsecure()` for plain text. */
  readonly credentials?: ChannelCredentials;
  /** More options of grpc-js; they win over those of this client. */
  readonly channelOptions?: ChannelOptions;
}

/**
 * grpc-js waits up to two minutes before it looks for a lost server again, and every call until then fails at once: a
 * service that restarts within seconds would be away for minutes.
 */
const reconnectOptions: ChannelOptions = {
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.min_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
};

/** The client retries by itself, with the same key; a library that retried as well would multiply the attempts. */
const singleAttemptOptions: ChannelOptions = {
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
};

const detailsHeader = "grpc-status-details-bin";

/** gRPC over HTTP/2 by `@grpc/grpc-js`. */
export function grpcTransport(options: GrpcTransportOptions): QuotaTransport {
  const channelOptions = { ...reconnectOptions, ...singleAttemptOptions, ...options.channelOptions };
  const client = new Client(options.address, options.credentials ?? credentials.createSsl(), channelOptions);
  return {
    unary: (method, request, attempt) => call(client, method, request, attempt),
    close: () => client.close(),
  };
}

function call<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
  { headers, timeoutMs, signal }: AttemptOptions,
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const running = client.makeUnaryRequest(
      `/${method.parent.typeName}/${method.name}`,
      (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
      (bytes: Buffer) => fromBinary(method.output, bytes),
      request,
      metadata,
      { deadline: Date.now() + timeoutMs },
      (error, response) => {
        signal.removeEventListener("abort", cancel);
        if (error !== null) reject(failureOf(error));
        else if (response === undefined) reject(new CallFailure("INTERNAL", "the answer has no message", []));
        else resolve(response);
      },
    );
    function cancel(): void {
      running.cancel();
    }
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
  });
}

function failureOf(error: ServiceError): CallFailure {
  return new CallFailure(statusCodeOf(error.code), error.details, packedDetails(error), error);
}

function packedDetails(error: ServiceError): PackedDetail[] {
  const [packed] = error.metadata.get(detailsHeader);
  if (packed === undefined || typeof packed === "string") return [];
  try {
    return fromBinary(StatusSchema, packed).details.map(({ typeUrl, value }) => ({
      typeName: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
      value,
    }));
  } catch {
    // Something between us and the service wrote it: the code is then all there is.
    return [];
  }
}
