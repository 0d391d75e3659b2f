import { AsyncLocalStorage } from "node:async_hooks";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Compression } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import type { Exchange } from "../exchange.ts";

/**
 * The library's own are those of files that are compressed once: Brotli's 11 takes a second or more for a page, in one of
 * the four threads that all of Node shares. These take some milliseconds, for answers that are a few per cent longer.
 */
const gzipLevel = 1;
const brotliQuality = 4;

const gzipped = promisify(gzip);
const brotlied = promisify(brotliCompress);

/** Whose answer is being written. The library hands bytes to a compression, and not whose they are. */
const written = new AsyncLocalStorage<Exchange>();

/** Answers that wait for a thread take room just as those that wait for their readers. */
function held(compress: Compression["compress"]): Compression["compress"] {
  return async (bytes) => {
    written.getStore()?.hold(bytes.byteLength);
    return await compress(bytes);
  };
}

export const answerCompressions: Compression[] = [
  { ...compressionGzip, compress: held(async (bytes) => await gzipped(bytes, { level: gzipLevel })) },
  {
    ...compressionBrotli,
    compress: held(
      async (bytes) =>
        await brotlied(bytes, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
            [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
          },
        }),
    ),
  },
];

/** Runs what writes the answer of an exchange, whose bytes are counted from before they are compressed. */
export function writingFor<T>(exchange: Exchange, write: () => T): T {
  return written.run(exchange, write);
}
