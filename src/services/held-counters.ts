import { type CounterKey, counterKeyText } from "../domain/counter-key.ts";

/** One that is never asked for again is remembered until so many others were held for the first time after it. */
const rememberedMax = 10_000;

/** The counters that other transactions were last seen to hold. */
export class HeldCounters {
  readonly #held = new Set<string>();

  add(counter: CounterKey): void {
    this.#held.add(counterKeyText(counter));
    if (this.#held.size <= rememberedMax) return;
    const [oldest] = this.#held;
    if (oldest !== undefined) this.#held.delete(oldest);
  }

  has(counter: CounterKey): boolean {
    // Hardly ever is one held, and this is asked for every attempt.
    return this.#held.size > 0 && this.#held.has(counterKeyText(counter));
  }

  delete(counter: CounterKey): void {
    if (this.#held.size > 0) this.#held.delete(counterKeyText(counter));
  }
}
