import type { QuotaUnavailableError } from "./errors.ts";
import type { KeyedUse } from "./inputs.ts";

/**
 * What the caller gets when nobody decided.
 *
 * - `throw`: QuotaUnavailableError.
 * - `admit`: an answer that admits, and says that it was not decided. A hard limit may then be exceeded.
 * - `refuse`: an answer that refuses, and says that it was not decided.
 */
export type UnavailablePolicy = "throw" | "admit" | "refuse";

/** A use about which the service decided nothing that this client knows of. */
export interface UndecidedUse {
  /**
   * What was to be recorded, with the key that every attempt carried. Handed to `record` again, it is recorded once,
   * whatever became of the attempts.
   */
  readonly input: KeyedUse;
  /** True when an attempt may have been recorded all the same. */
  readonly mayBeRecorded: boolean;
  readonly error: QuotaUnavailableError;
}

/**
 * Keeps an admitted use that is not recorded, until it can be: in a file, a queue, a table. When it throws, the use is
 * not admitted.
 */
export type KeepUndecidedUse = (use: UndecidedUse) => void | Promise<void>;

/** An undecided use should have been admitted, but could not be kept; nobody else knows of it now. */
export class UndecidedUseNotKeptError extends Error {
  override readonly name = "UndecidedUseNotKeptError";
  readonly use: UndecidedUse;

  /** @param cause what `keepUndecided` threw */
  constructor(use: UndecidedUse, cause: unknown) {
    super("the service was unavailable, and keepUndecided failed, so the use is not admitted", { cause });
    this.use = use;
  }
}
