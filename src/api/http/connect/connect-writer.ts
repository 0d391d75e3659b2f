import type { DescMethod, DescMethodUnary, Message } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { createAsyncIterable, type UniversalHandler } from "@connectrpc/connect/protocol";
import type { ServedService } from "../../served-services.ts";
import type { CallableRpc, Outcome } from "../answer-call.ts";
import type { Answer, Exchange } from "../exchange.ts";
import { answerCompressions, writingFor } from "./answer-compression.ts";
import { connectErrorOf } from "./connect-error.ts";
import type { WireForm } from "./wire-form.ts";

const outcomeKey = createContextKey<Outcome | undefined>(undefined);

/**
 * Writes outcomes in the protocols of Connect and gRPC-Web.
 *
 * The library is given no request of a caller's. It answers what it cannot read in its own words, its own codes and
 * without details, and copies texts of errors that it does not know. So requests are read by us, and the library gets an
 * empty one in the caller's protocol, to which it writes the answer that is already there.
 */
export class ConnectWriter {
  readonly #handlers: ReadonlyMap<string, UniversalHandler>;

  constructor(services: readonly ServedService[]) {
    const router = createConnectRouter({
      connect: true,
      grpcWeb: true,
      // gRPC has a door of its own.
      grpc: false,
      acceptCompression: answerCompressions,
    });
    for (const served of services) addTo(router, served);
    this.#handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  }

  async write(rpc: CallableRpc, exchange: Exchange, form: WireForm, outcome: Outcome): Promise<Answer> {
    const handler = this.#handlers.get(rpc.path);
    if (handler === undefined) throw new Error(`${rpc.path} is not known to the writer`);
    return await writingFor(exchange, async () => {
      const { status, header, body } = await handler({
        ...emptyRequest(rpc, form),
        httpVersion: exchange.request.httpVersion,
        header: headersOf(exchange, form),
        signal: neverAborted,
        contextValues: createContextValues().set(outcomeKey, outcome),
      });
      const chunks: Uint8Array[] = [];
      for await (const chunk of body ?? []) chunks.push(chunk);
      const headers = Object.fromEntries(header ?? []);
      return { status, headers: { ...headers, "cache-control": "no-store" }, body: Buffer.concat(chunks) };
    });
  }
}

/** Leaving is noticed elsewhere; an answer that nobody waits for is not sent. */
const neverAborted = new AbortController().signal;

function addTo(router: ConnectRouter, { service }: ServedService): void {
  const give = (_empty: Message, { values }: HandlerContext): Message => {
    const outcome = values.get(outcomeKey);
    if (outcome === undefined) throw new Error("there is no outcome to write");
    if (outcome.status !== undefined) throw connectErrorOf(outcome.status);
    return outcome.message;
  };
  for (const method of service.methods.filter(isUnary)) router.rpc(method, give);
}

function isUnary(method: DescMethod): method is DescMethod & DescMethodUnary {
  return method.methodKind === "unary";
}

function emptyRequest({ path }: CallableRpc, { protocol, isBinary }: WireForm) {
  const url = `http://localhost${path}`;
  const message = new TextEncoder().encode(isBinary ? "" : "{}");
  switch (protocol) {
    case "connect":
      return { method: "POST", url, body: createAsyncIterable([message]) };
    case "connect-get": {
      const query = isBinary ? "encoding=proto&message=" : "encoding=json&message=%7B%7D";
      return { method: "GET", url: `${url}?connect=v1&${query}`, body: createAsyncIterable<Uint8Array>([]) };
    }
    case "grpc-web": {
      const envelope = Uint8Array.of(0, 0, 0, 0, message.byteLength, ...message);
      return { method: "POST", url, body: createAsyncIterable([envelope]) };
    }
  }
}

/** What the library needs to choose the form and the compression of the answer. */
function headersOf(exchange: Exchange, { protocol, isBinary }: WireForm): Headers {
  const headers = new Headers();
  const format = isBinary ? "proto" : "json";
  if (protocol === "grpc-web") headers.set("content-type", `application/grpc-web+${format}`);
  if (protocol === "connect") headers.set("content-type", `application/${format}`);
  const accepting = protocol === "grpc-web" ? "grpc-accept-encoding" : "accept-encoding";
  const accepted = exchange.header(accepting);
  if (accepted !== undefined) headers.set(accepting, accepted);
  return headers;
}
