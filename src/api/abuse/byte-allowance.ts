import { connectionBounds } from "./connection-bounds.ts";

/** What a connection may still send, compared with what it has sent. Each call pays in once; frames take out. */
export class ByteAllowance {
  #bytes: number = connectionBounds.idleBytesPerSecondMax;
  #read = 0;
  #countedAt: number;

  constructor(now: number) {
    this.#countedAt = now;
  }

  /** Allows bytes beyond what calls do. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /**
   * Counts up to now.
   *
   * @param begun calls begun since the last time
   * @param open calls in flight now, whose requests may still be on their way
   * @returns whether the connection has kept to it
   */
  count(socketBytesRead: number, begun: number, open: number, now: number): boolean {
    const { idleBytesPerSecondMax, bytesPerCall } = connectionBounds;
    // By the clock: after a pause of the process the bytes of several seconds are read at once.
    const seconds = Math.max((now - this.#countedAt) / 1_000, 1);
    this.#bytes += seconds * idleBytesPerSecondMax + begun * bytesPerCall - (socketBytesRead - this.#read);
    this.#read = socketBytesRead;
    this.#countedAt = now;
    const isKept = this.#bytes >= 0;
    // What calls have not used stays theirs as long as they are open.
    this.#bytes = Math.min(this.#bytes, idleBytesPerSecondMax + open * bytesPerCall);
    return isKept;
  }
}
