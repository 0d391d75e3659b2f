import { promisify } from "node:util";
import { brotliDecompress, gunzip, type ZlibOptions } from "node:zlib";
import { requestBytesMax } from "../../domain/bounds.ts";
import { InvalidRequestError, MessageTooLargeError } from "../../domain/errors/invalid-request-error.ts";

type Decompress = (bytes: Uint8Array, options: ZlibOptions) => Promise<Buffer>;

const encodings: ReadonlyMap<string, Decompress | undefined> = new Map([
  ["identity", undefined],
  ["gzip", promisify(gunzip) as Decompress],
  ["br", promisify(brotliDecompress) as Decompress],
]);

export const encodingsTold = [...encodings.keys()].join(", ");

export function isKnownEncoding(encoding: string): boolean {
  return encodings.has(encoding);
}

/**
 * The bytes without their compression. A few kilobytes can stand for gigabytes, so the bound holds while they unfold.
 *
 * @param encoding one that is known
 * @throws MessageTooLargeError, InvalidRequestError
 */
export async function decompress(bytes: Uint8Array, encoding: string): Promise<Uint8Array> {
  const unpack = encodings.get(encoding);
  if (unpack === undefined) return bytes;
  try {
    return await unpack(bytes, { maxOutputLength: requestBytesMax });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") throw new MessageTooLargeError(undefined, requestBytesMax);
    throw new InvalidRequestError([{ field: "request", description: `cannot be decompressed as ${encoding}` }]);
  }
}
