import { requestBytesMax } from "../../domain/bounds.ts";
import { InvalidRequestError, MessageTooLargeError } from "../../domain/errors/invalid-request-error.ts";
import { discardedBytesMax } from "../discarded-bytes.ts";
import type { Exchange } from "./exchange.ts";
import { CallEndedError } from "./http-call-context.ts";

/** A body that takes longer than this to arrive is given up. */
export const bodyTimeoutMs = 10_000;

/**
 * The whole body, as it came.
 *
 * @throws MessageTooLargeError, InvalidRequestError when it does not arrive in time, CallEndedError when the caller leaves
 */
export async function readBody(exchange: Exchange, bytesMax: number): Promise<Buffer> {
  const { request } = exchange;
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > bytesMax + discardedBytesMax) throw tooLarge();
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const isTooLarge = () => size > bytesMax;
    const timer = setTimeout(() => fail(late()), bodyTimeoutMs);
    const stop = () => {
      clearTimeout(timer);
      request.off("data", take).off("end", finish).off("error", leave).off("close", leave);
    };
    const fail = (error: Error) => {
      stop();
      // An error that comes later has nobody to hear it, and would end the process.
      request.on("error", () => undefined);
      reject(error);
    };
    const take = (chunk: Buffer) => {
      size += chunk.byteLength;
      if (!isTooLarge()) return void chunks.push(chunk);
      exchange.discarded(chunk.byteLength);
      if (size > bytesMax + discardedBytesMax) fail(tooLarge());
    };
    const finish = () => {
      if (isTooLarge()) return fail(tooLarge());
      stop();
      resolve(Buffer.concat(chunks));
    };
    // Whatever breaks a request off, a reset or a malformed chunk, nobody waits for an answer to it.
    const leave = () => fail(new CallEndedError("CANCELLED"));
    request.on("data", take).once("end", finish).once("error", leave).once("close", leave);
  });
}

/** In the words of the gRPC door, which does not tell sizes: not those of the message in its envelope either. */
function tooLarge(): MessageTooLargeError {
  return new MessageTooLargeError(undefined, requestBytesMax);
}

function late(): InvalidRequestError {
  const description = `did not arrive within ${bodyTimeoutMs / 1_000} s`;
  return new InvalidRequestError([{ field: "request", description }]);
}
