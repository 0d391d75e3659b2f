import { DrainingError } from "../domain/errors/availability-errors.ts";

/** Counts the calls that are being worked on, so that a server can stop without cutting one off. */
export class ActiveCalls {
  #count = 0;
  #isDraining = false;
  readonly #idle = Promise.withResolvers<void>();

  /** @throws DrainingError once `drain` was called */
  begin(): void {
    if (this.#isDraining) throw new DrainingError();
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    this.#settle();
  }

  /** Refuses new calls. Resolves when the last one that had begun has ended. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#settle();
    await this.#idle.promise;
  }

  #settle(): void {
    if (this.#isDraining && this.#count === 0) this.#idle.resolve();
  }
}
