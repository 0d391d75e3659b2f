/** The time that something may take, and the wish of its caller that it end sooner, as one signal. */
export class CallScope {
  readonly #controller = new AbortController();
  readonly #endsAt: number;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #outer: AbortSignal | undefined;
  readonly #followOuter: () => void;
  #timedOut = false;

  constructor(timeoutMs: number, outer: AbortSignal | undefined) {
    this.#endsAt = performance.now() + timeoutMs;
    this.#timer = setTimeout(() => {
      this.#timedOut = true;
      this.#controller.abort();
    }, timeoutMs);
    this.#outer = outer;
    this.#followOuter = () => this.#controller.abort();
    if (outer?.aborted === true) this.#followOuter();
    else outer?.addEventListener("abort", this.#followOuter, { once: true });
  }

  /** Aborted when the time is over or the outer signal is aborted. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True when it was the time that ended it. */
  get timedOut(): boolean {
    return this.#timedOut;
  }

  remainingMs(): number {
    return this.#endsAt - performance.now();
  }

  /** Gives the timer back, and lets go of the outer signal, which may live as long as the process. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#followOuter);
  }

  /** Waits; returns early when the scope ends. */
  async sleep(delayMs: number): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      this.signal.addEventListener("abort", done, { once: true });
    });
  }

  /**
   * What the promise gives, unless the scope ends first: not everything that is waited for heeds a signal.
   *
   * @param reasonOf makes what is thrown when the scope ends
   */
  async race<T>(promise: Promise<T>, reasonOf: () => Error): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const abort = () => reject(reasonOf());
      if (this.signal.aborted) abort();
      else this.signal.addEventListener("abort", abort, { once: true });
      promise.then(resolve, reject).finally(() => this.signal.removeEventListener("abort", abort));
    });
  }
}
