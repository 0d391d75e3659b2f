import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Exchange } from "../exchange.ts";

export type WireProtocol = "connect" | "connect-get" | "grpc-web";

/** How a request is written and its answer to be. */
export interface WireForm {
  readonly protocol: WireProtocol;
  readonly isBinary: boolean;
}

/** Of a POST. A charset other than UTF-8 is no JSON (RFC 8259), and grpc-web-text is for browsers of 2016. */
const contentTypes: readonly (readonly [RegExp, WireForm])[] = [
  [/^application\/json(?:\s*;\s*charset="?utf-?8"?)?$/i, { protocol: "connect", isBinary: false }],
  [/^application\/proto$/i, { protocol: "connect", isBinary: true }],
  [/^application\/grpc-web(?:\+proto)?$/i, { protocol: "grpc-web", isBinary: true }],
  [/^application\/grpc-web\+json$/i, { protocol: "grpc-web", isBinary: false }],
];

/** For `Accept-Post` and for people. */
export const contentTypesTold =
  "application/json, application/proto, application/grpc-web+proto, application/grpc-web+json";

const encodingsOfGet: ReadonlyMap<string | null, boolean> = new Map([
  ["json", false],
  ["proto", true],
]);

/** Undefined when the request is written in no form that we know. */
export function wireFormOf(exchange: Exchange): WireForm | undefined {
  if (exchange.method === "POST") {
    const contentType = exchange.header("content-type") ?? "";
    return contentTypes.find(([pattern]) => pattern.test(contentType.trim()))?.[1];
  }
  const isBinary = encodingsOfGet.get(new URLSearchParams(exchange.query).get("encoding"));
  return isBinary === undefined ? undefined : { protocol: "connect-get", isBinary };
}

/** The HTTP methods by which an RPC is called: GET only where the contract says that nothing changes by it. */
export function methodsOf({ idempotency }: DescMethod): readonly string[] {
  return idempotency === IdempotencyLevel.NO_SIDE_EFFECTS ? ["POST", "GET"] : ["POST"];
}
