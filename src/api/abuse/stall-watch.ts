import { connectionBounds } from "./connection-bounds.ts";

/** What is known of a connection's answers at one moment. */
export interface AnswerProgress {
  /** Bytes of answers that wait to be read. */
  readonly waiting: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/**
 * Tells a reader that is slow from one that does not read. Bytes written are no sign by themselves: the acknowledgement of a
 * PING is written, whatever the peer does with its answers. It is as long as the PING, though, so that what counts is by how
 * much more was written than read.
 */
export class StallWatch {
  #since: (AnswerProgress & { readonly at: number }) | undefined;

  isStalled(progress: AnswerProgress, now: number): boolean {
    const since = this.#since;
    if (progress.waiting === 0) {
      this.#since = undefined;
      return false;
    }
    if (
      since === undefined ||
      progress.waiting < since.waiting ||
      netWritten(since, progress) >= connectionBounds.stallBytesMin
    ) {
      this.#since = { ...progress, at: now };
      return false;
    }
    return now - since.at >= connectionBounds.stallMaxMs;
  }
}

function netWritten(since: AnswerProgress, { bytesRead, bytesWritten }: AnswerProgress): number {
  return bytesWritten - since.bytesWritten - (bytesRead - since.bytesRead);
}
