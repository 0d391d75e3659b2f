/** Lets one piece of work run at a time, in the order in which they asked. */
export class AsyncMutex {
  #previous: Promise<unknown> = Promise.resolve();

  /** Work that waits for other work on the same mutex never ends. */
  runExclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#previous.then(work);
    // The next one waits for the end only: a failure is the failed caller's.
    this.#previous = result.catch(() => undefined);
    return result;
  }
}
