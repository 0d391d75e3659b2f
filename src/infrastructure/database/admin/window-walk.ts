import type { EpochMilliseconds } from "../../../domain/instant.ts";

/** A window with more events than this is narrowed instead of sorted. */
export const windowEventsMax = 20_000;

/** The first window, in milliseconds: at the rates that one PostgreSQL takes it holds some thousands of events. */
const firstStepMs = 1_000;
/** How much wider the next window is when one did not fill the page, and how much narrower when it held too many. */
const stepFactor = 8;

/** Where events may lie: half-open. */
export interface WalkSpan {
  readonly isNewestFirst: boolean;
  readonly from: EpochMilliseconds;
  readonly before: EpochMilliseconds;
  /** No event is younger, but where the clock has stepped back. */
  readonly now: EpochMilliseconds;
}

export interface WalkWindow {
  readonly from: EpochMilliseconds;
  readonly before: EpochMilliseconds;
  /** False for a single millisecond, whose events are read however many they are. */
  readonly mayNarrow: boolean;
}

/** Goes through a span of time from its newer or its older end, in windows that grow where there is little. */
export class WindowWalk {
  readonly #span: WalkSpan;
  #stepMs = firstStepMs;
  #reached: EpochMilliseconds;
  #isAtEdge = true;
  #isDone: boolean;

  constructor(span: WalkSpan) {
    this.#span = span;
    this.#reached = span.isNewestFirst ? Math.max(span.from, Math.min(span.before, span.now + 1)) : span.from;
    this.#isDone = span.from >= span.before;
  }

  /** Undefined once the span has been gone through. */
  get window(): WalkWindow | undefined {
    if (this.#isDone) return undefined;
    return this.#span.isNewestFirst ? this.#backwards() : this.#forwards();
  }

  /** The window holds too much: take less of it. */
  narrow(): void {
    this.#stepMs = Math.max(1, Math.floor(this.#stepMs / stepFactor));
  }

  /** The window has been read. */
  advance(seen: number): void {
    const window = this.window;
    if (window === undefined) return;
    const { isNewestFirst, from, before } = this.#span;
    this.#isDone = isNewestFirst ? window.from <= from : window.before >= before;
    this.#reached = isNewestFirst ? window.from : window.before;
    this.#isAtEdge = false;
    if (seen * stepFactor <= windowEventsMax) this.#stepMs *= stepFactor;
  }

  /** The first window reaches from before the present to the end of the span. */
  #backwards(): WalkWindow {
    const from = Math.max(this.#span.from, this.#reached - this.#stepMs);
    return {
      from,
      before: this.#isAtEdge ? this.#span.before : this.#reached,
      mayNarrow: this.#reached - from > 1 && this.#stepMs > 1,
    };
  }

  /** The window that reaches past the present reaches to the end of the span. */
  #forwards(): WalkWindow {
    const { before, now } = this.#span;
    const next = Math.min(before, this.#reached + this.#stepMs);
    return {
      from: this.#reached,
      before: next > now ? before : next,
      mayNarrow: this.#stepMs > 1 && this.#reached + 1 < Math.min(before, now + 1),
    };
  }
}
