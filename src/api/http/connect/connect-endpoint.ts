import { create, type Message } from "@bufbuild/protobuf";
import { StatusSchema } from "../../../../gen/google/rpc/status_pb.ts";
import { quoted } from "../../../domain/echo.ts";
import { QuotaServiceError } from "../../../domain/errors/quota-service-error.ts";
import type { RequestDecoder } from "../../decoding/decode-binary.ts";
import { requestDecoder } from "../../decoding/decode-binary.ts";
import { jsonRequestDecoder } from "../../decoding/decode-json.ts";
import { statusOfDomainError } from "../../errors/error-status.ts";
import { statusCodes } from "../../errors/status-code.ts";
import { answerCall, type CallableRpc, type Outcome, type ServingContext } from "../answer-call.ts";
import { encodingsTold, isKnownEncoding } from "../decompress.ts";
import type { Answer, Exchange } from "../exchange.ts";
import { encodingOf, requireKnownVersion, timeoutMsOf } from "./call-headers.ts";
import { connectProblem } from "./connect-problem.ts";
import type { ConnectWriter } from "./connect-writer.ts";
import { contentTypesTold, methodsOf, type WireForm, wireFormOf } from "./wire-form.ts";
import { readWireMessage } from "./wire-message.ts";

/** Answers the requests of one RPC, by Connect and gRPC-Web. */
export function connectEndpoint(
  rpc: CallableRpc,
  writer: ConnectWriter,
  serving: ServingContext,
): (exchange: Exchange) => Promise<Answer> {
  const decoders = { binary: requestDecoder(rpc.method.input), json: jsonRequestDecoder(rpc.method.input) };
  const methods = methodsOf(rpc.method);

  return async (exchange) => {
    if (!methods.includes(exchange.method)) {
      const message = `${rpc.path} is called by ${methods.join(" or ")}`;
      return exchange.noCall(connectProblem(405, message, { allow: methods.join(", ") }));
    }
    const form = wireFormOf(exchange);
    if (form === undefined) {
      const told = exchange.method === "GET" ? "encoding=json or encoding=proto" : contentTypesTold;
      const message = `the request must be one of ${told}`;
      return exchange.noCall(connectProblem(415, message, { "accept-post": contentTypesTold }));
    }
    const decode = form.isBinary ? decoders.binary : decoders.json;
    return await answer(exchange, form, decode);
  };

  async function answer(exchange: Exchange, form: WireForm, decode: RequestDecoder<typeof rpc.method.input>) {
    const write = (outcome: Outcome): Promise<Answer> => writer.write(rpc, exchange, form, outcome);
    const headers = readHeaders(exchange, form);
    if (headers.refusal !== undefined) return exchange.noCall(await write(headers.refusal));
    const { encoding, timeoutMs } = headers;
    const readRequest = async (): Promise<Message> => decode(await readWireMessage(form.protocol, exchange, encoding));
    return await answerCall(rpc, exchange, timeoutMs, { readRequest, write }, serving);
  }
}

type CallHeaders =
  | { readonly refusal: Outcome }
  | { readonly refusal?: never; readonly encoding: string; readonly timeoutMs: number | undefined };

/** What is said about the call beside the message. It tells a stranger nothing, so nobody needs to be let in for it. */
function readHeaders(exchange: Exchange, { protocol }: WireForm): CallHeaders {
  const encoding = encodingOf(protocol, exchange);
  if (!isKnownEncoding(encoding)) {
    const message = `the encoding ${quoted(encoding)} is not known; known are ${encodingsTold}`;
    return { refusal: { status: create(StatusSchema, { code: statusCodes.UNIMPLEMENTED, message }) } };
  }
  try {
    requireKnownVersion(protocol, exchange);
    return { encoding, timeoutMs: timeoutMsOf(protocol, exchange) };
  } catch (error) {
    if (!(error instanceof QuotaServiceError)) throw error;
    return { refusal: { status: statusOfDomainError(error) } };
  }
}
