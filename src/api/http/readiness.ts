import { type Answer, jsonAnswer } from "./exchange.ts";

/** What `/healthz` and `/readyz` answer. They are asked every second, by those who hold no credential. */
export class Readiness {
  #isServing = true;
  #isDraining = false;

  /** Whether the database answers. A server is started when it has. */
  setServing(isServing: boolean): void {
    this.#isServing = isServing;
  }

  /** For good. */
  drain(): void {
    this.#isDraining = true;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** The process lives: only its end would make it another answer. */
  live(): Answer {
    return jsonAnswer(200, { status: "ok" }, uncached);
  }

  /** Whether calls are worth sending here. */
  ready(): Answer {
    if (this.#isDraining) return jsonAnswer(503, { status: "draining" }, uncached);
    if (!this.#isServing) return jsonAnswer(503, { status: "database unavailable" }, uncached);
    return jsonAnswer(200, { status: "ready" }, uncached);
  }
}

const uncached = { "cache-control": "no-store" };
