import { setTimeout as delay } from "node:timers/promises";

/** Waits for the work, which must not reject, but no longer than this. */
export async function settledWithin(work: Promise<void>, milliseconds: number): Promise<void> {
  const waiting = new AbortController();
  const timeout = delay(milliseconds, undefined, { signal: waiting.signal }).catch(() => undefined);
  await Promise.race([work, timeout]);
  waiting.abort();
}
