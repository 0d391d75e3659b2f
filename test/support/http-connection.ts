import type { DescMessage, DescMethodUnary, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { errorFromJson } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "../../gen/google/rpc/error_details_pb.ts";
import { type CallOptions, type Refusal, RefusedCallError, type UnaryMethods } from "./grpc-client.ts";

/** The ways into the HTTP door. */
export const httpForms = [
  "Connect JSON over HTTP/1.1",
  "Connect binary over HTTP/2",
  "Connect GET",
  "gRPC-Web",
] as const;

export type HttpForm = (typeof httpForms)[number];

/** A client of the HTTP door, by the libraries that others use, with the face of the gRPC one. */
export class HttpConnection {
  readonly #baseUrl: string;
  readonly #form: HttpForm;
  readonly #transport: Transport;
  readonly #closing = new AbortController();

  constructor(baseUrl: string, form: HttpForm) {
    this.#baseUrl = baseUrl;
    this.#form = form;
    this.#transport = transportOf(baseUrl, form);
  }

  service<S extends DescService>(service: S): UnaryMethods<S> {
    const calls: Record<string, unknown> = {};
    for (const method of service.methods) {
      if (method.methodKind !== "unary") continue;
      calls[method.localName] = (request: MessageInitShape<DescMessage>, options: CallOptions = {}) =>
        this.#call(method as DescMethodUnary, request, options);
    }
    return calls as UnaryMethods<S>;
  }

  async #call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    { deadlineMs, metadata, signal = this.#closing.signal }: CallOptions,
  ): Promise<MessageShape<O>> {
    try {
      const { message } = await this.#transport.unary(method, signal, deadlineMs, metadata, request);
      return message;
    } catch (error) {
      throw new RefusedCallError(refusalOf(ConnectError.from(error)));
    }
  }

  /** Sends bytes as they are, well-formed or not. A refusal rejects with RefusedCallError. */
  async callRaw(path: string, request: Uint8Array): Promise<Buffer> {
    const isWeb = this.#form === "gRPC-Web";
    const contentType = isWeb ? "grpc-web+proto" : this.#form === "Connect JSON over HTTP/1.1" ? "json" : "proto";
    const response = await fetch(`${this.#baseUrl}${path}`, {
      method: "POST",
      headers: { "content-type": `application/${contentType}` },
      body: Buffer.from(isWeb ? encodeEnvelope(0, request) : request),
    });
    const body = Buffer.from(await response.arrayBuffer());
    if (isWeb) return framed(body);
    if (response.status === 200) return body;
    const unreadable = new ConnectError(`HTTP ${response.status} ${body.toString()}`);
    throw new RefusedCallError(refusalOf(errorFromJson(JSON.parse(body.toString()), undefined, unreadable)));
  }

  close(): void {
    this.#closing.abort();
  }
}

function transportOf(baseUrl: string, form: HttpForm): Transport {
  switch (form) {
    case "Connect JSON over HTTP/1.1":
      return createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false });
    case "Connect binary over HTTP/2":
      return createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true });
    case "Connect GET":
      return createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true });
    case "gRPC-Web":
      return createGrpcWebTransport({ baseUrl, httpVersion: "1.1" });
  }
}

/** The message of a gRPC-Web answer. */
function framed(body: Buffer): Buffer {
  let message: Buffer = Buffer.alloc(0);
  for (let at = 0; at < body.byteLength; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    const data = body.subarray(at + 5, end);
    if (body.readUInt8(at) === 0) message = data;
    const error = body.readUInt8(at) === 0x80 ? findTrailerError(trailerParse(data)) : undefined;
    if (error !== undefined) throw new RefusedCallError(refusalOf(error));
    at = end;
  }
  return message;
}

function refusalOf(error: ConnectError): Refusal {
  const [info] = error.findDetails(ErrorInfoSchema);
  return {
    code: Code[error.code]
      .replace(/(?<=[a-z])(?=[A-Z])/g, "_")
      .toUpperCase()
      .replace("CANCELED", "CANCELLED"),
    message: error.rawMessage,
    reason: info?.reason,
    info,
    badRequest: error.findDetails(BadRequestSchema)[0],
    quotaFailure: error.findDetails(QuotaFailureSchema)[0],
    retryInfo: error.findDetails(RetryInfoSchema)[0],
  };
}
