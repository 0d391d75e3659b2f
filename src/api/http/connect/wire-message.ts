import { requestBytesMax } from "../../../domain/bounds.ts";
import { InvalidRequestError, MessageTooLargeError } from "../../../domain/errors/invalid-request-error.ts";
import { decompress } from "../decompress.ts";
import type { Exchange } from "../exchange.ts";
import { readBody } from "../read-body.ts";
import type { WireProtocol } from "./wire-form.ts";

/** One byte of flags and four of length stand before a gRPC-Web message. */
const prefixBytes = 5;
const compressedFlag = 1;

/** The message of a request, out of its envelope and unpacked. @throws InvalidRequestError, MessageTooLargeError */
export async function readWireMessage(
  protocol: WireProtocol,
  exchange: Exchange,
  encoding: string,
): Promise<Uint8Array> {
  switch (protocol) {
    case "connect":
      return await decompress(await readBody(exchange, requestBytesMax), encoding);
    case "grpc-web": {
      const { isCompressed, message } = openEnvelope(await readBody(exchange, requestBytesMax + prefixBytes));
      return isCompressed ? await decompress(message, encoding) : message;
    }
    case "connect-get":
      return await decompress(messageOfQuery(new URLSearchParams(exchange.query)), encoding);
  }
}

function openEnvelope(body: Buffer): { readonly isCompressed: boolean; readonly message: Buffer } {
  if (body.byteLength < prefixBytes) throw invalid("is cut off within its gRPC-Web envelope");
  const flags = body.readUInt8(0);
  const length = body.readUInt32BE(1);
  if (length > requestBytesMax) throw new MessageTooLargeError(undefined, requestBytesMax);
  if (flags !== 0 && flags !== compressedFlag) throw invalid("has a gRPC-Web envelope with flags that are not known");
  if (body.byteLength !== prefixBytes + length) throw invalid("is not one message in a gRPC-Web envelope");
  return { isCompressed: flags === compressedFlag, message: body.subarray(prefixBytes) };
}

function messageOfQuery(query: URLSearchParams): Uint8Array {
  const message = query.get("message") ?? "";
  if (query.get("base64") !== "1") return Buffer.from(message);
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(message)) throw invalid("has a message that is not base64");
  return Buffer.from(message, "base64url");
}

function invalid(description: string): InvalidRequestError {
  return new InvalidRequestError([{ field: "request", description }]);
}
