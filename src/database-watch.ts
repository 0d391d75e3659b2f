/** How often the database is asked whether it answers. */
const watchIntervalMs = 2_000;

/** A database that has fallen silent without closing its connections would otherwise be believed in for a minute. */
const answerTimeoutMs = 5_000;

/** Notices when the database stops answering and when it answers again, so that health checks can say so. */
export class DatabaseWatch {
  readonly #ping: () => Promise<void>;
  readonly #changed: (isReachable: boolean, cause: unknown) => void;
  #isReachable = true;
  #isStopped = false;
  #timer: NodeJS.Timeout;

  /** @param changed is called at each change; reachable is assumed at first */
  constructor(ping: () => Promise<void>, changed: (isReachable: boolean, cause: unknown) => void) {
    this.#ping = ping;
    this.#changed = changed;
    this.#timer = this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): NodeJS.Timeout {
    return setTimeout(() => void this.#look(), watchIntervalMs).unref();
  }

  async #look(): Promise<void> {
    const late = new Error(`no answer within ${answerTimeoutMs} ms`);
    const timeout = setTimeout(() => this.#report(false, late), answerTimeoutMs).unref();
    try {
      await this.#ping();
      this.#report(true, undefined);
    } catch (error) {
      this.#report(false, error);
    }
    clearTimeout(timeout);
    if (!this.#isStopped) this.#timer = this.#schedule();
  }

  #report(isReachable: boolean, cause: unknown): void {
    if (this.#isStopped || isReachable === this.#isReachable) return;
    this.#isReachable = isReachable;
    this.#changed(isReachable, cause);
  }
}
