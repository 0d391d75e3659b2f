/** Why a call was not let in. */
export type Refusal = "full" | "aborted";

interface Waiting {
  readonly enter: () => void;
}

/** Lets a bounded number of calls in; a bounded number more waits, first come first served, and the rest is refused. */
export class CallGate {
  readonly #inFlightMax: number;
  readonly #queuedMax: number;
  readonly #queue = new Set<Waiting>();
  #inFlight = 0;

  constructor(inFlightMax: number, queuedMax: number) {
    this.#inFlightMax = inFlightMax;
    this.#queuedMax = queuedMax;
  }

  /** Resolves when the call may run, which must `leave` afterwards, or with why it may not. */
  async enter(signal: AbortSignal): Promise<"in" | Refusal> {
    if (signal.aborted) return "aborted";
    if (this.#inFlight < this.#inFlightMax) {
      this.#inFlight += 1;
      return "in";
    }
    if (this.#queue.size >= this.#queuedMax) return "full";
    return await new Promise((resolve) => {
      const abort = () => {
        this.#queue.delete(waiting);
        resolve("aborted");
      };
      const waiting: Waiting = {
        enter: () => {
          signal.removeEventListener("abort", abort);
          resolve("in");
        },
      };
      this.#queue.add(waiting);
      signal.addEventListener("abort", abort, { once: true });
    });
  }

  leave(): void {
    // A set keeps the order of arrival. The place is handed over rather than given back, so that nobody overtakes.
    const [next] = this.#queue;
    if (next === undefined) {
      this.#inFlight -= 1;
      return;
    }
    this.#queue.delete(next);
    next.enter();
  }
}
