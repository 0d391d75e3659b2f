import type { DescMessage, DescMethodUnary, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  type BadRequest,
  BadRequestSchema,
  type ErrorInfo,
  ErrorInfoSchema,
  type QuotaFailure,
  QuotaFailureSchema,
  type RetryInfo,
  RetryInfoSchema,
} from "../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";

/** What came back with a refusal, unpacked. */
export interface Refusal {
  /** The name of the gRPC code, as `grpcurl` prints it in capitals. */
  readonly code: string;
  readonly message: string;
  readonly reason: string | undefined;
  readonly info: ErrorInfo | undefined;
  readonly badRequest: BadRequest | undefined;
  readonly quotaFailure: QuotaFailure | undefined;
  readonly retryInfo: RetryInfo | undefined;
}

export class RefusedCallError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`${refusal.code} ${refusal.reason ?? "without a reason"}: ${refusal.message}`);
    this.refusal = refusal;
  }
}

export type UnaryMethods<S extends DescService> = {
  [K in keyof S["method"]]: S["method"][K] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : never;
};

export interface CallOptions {
  readonly deadlineMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A real connection to a server; calls go over the wire as any client's would. */
export class GrpcConnection {
  readonly #client: Client;
  readonly #metadata: Readonly<Record<string, string>>;

  /** @param secret of an API key, sent with every call that names no `authorization` of its own */
  constructor(address: string, secret?: string) {
    this.#metadata = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
    this.#client = new Client(address, credentials.createInsecure(), {
      "grpc.max_receive_message_length": 16 * 1024 * 1024,
      // A connection of its own, so that two of them stand for two clients.
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  /** Typed calls of one service. A refusal rejects with RefusedCallError. */
  service<S extends DescService>(service: S): UnaryMethods<S> {
    const calls: Record<string, unknown> = {};
    for (const method of service.methods) {
      calls[method.localName] = (request: MessageInitShape<DescMessage>, options: CallOptions = {}) =>
        this.call(`/${service.typeName}/${method.name}`, method.input, method.output, request, options);
    }
    return calls as UnaryMethods<S>;
  }

  async call<I extends DescMessage, O extends DescMessage>(
    path: string,
    input: I,
    output: O,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const bytes = Buffer.from(toBinary(input, create(input, request)));
    return fromBinary(output, await this.callRaw(path, bytes, options));
  }

  /** Sends bytes as they are, well-formed or not. */
  async callRaw(path: string, request: Buffer, options: CallOptions = {}): Promise<Buffer> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries({ ...this.#metadata, ...options.metadata })) metadata.set(name, value);
    const deadline = options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs };
    return await new Promise<Buffer>((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        (sent: Buffer) => sent,
        (received: Buffer) => received,
        request,
        metadata,
        deadline,
        (error, response) => {
          if (error !== null) reject(new RefusedCallError(refusalOf(error)));
          else resolve(response ?? Buffer.alloc(0));
        },
      );
      options.signal?.addEventListener("abort", () => call.cancel());
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** The refusal of a call that must be refused; a call that succeeds instead fails the test. */
export async function refusalOfCall(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    if (error instanceof RefusedCallError) return error.refusal;
    throw error;
  }
  throw new Error("the call was expected to be refused, but succeeded");
}

function refusalOf(error: ServiceError): Refusal {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  const details = packed === undefined ? [] : fromBinary(StatusSchema, new Uint8Array(packed as Buffer)).details;
  const unpack = <S extends DescMessage>(schema: S): MessageShape<S> | undefined =>
    details.map((detail) => anyUnpack(detail, schema)).find((message) => message !== undefined);
  const info = unpack(ErrorInfoSchema);
  return {
    code: status[error.code],
    message: error.details,
    reason: info?.reason,
    info,
    badRequest: unpack(BadRequestSchema),
    quotaFailure: unpack(QuotaFailureSchema),
    retryInfo: unpack(RetryInfoSchema),
  };
}
