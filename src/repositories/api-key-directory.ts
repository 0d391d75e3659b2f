import type { EpochMilliseconds } from "../domain/instant.ts";
import type { StoredApiKey } from "./api-key-repository.ts";

/** Keys as they were at one moment. */
export interface ApiKeySnapshot {
  /** The storage's clock at that moment. */
  readonly now: EpochMilliseconds;
  /** By prefix; what is missing does not exist. */
  readonly keys: ReadonlyMap<string, StoredApiKey>;
}

export interface ApiKeyUse {
  readonly keyId: string;
  /** How long ago the key was last used. */
  readonly agoMs: number;
}

/** What keys are checked by, many at once. */
export interface ApiKeyDirectory {
  /**
   * One snapshot, taken after the call: it holds every change that was acknowledged before.
   *
   * @throws ConcurrentChangeError, StorageUnavailableError
   */
  lookUp(prefixes: readonly string[]): Promise<ApiKeySnapshot>;
  /** Moves last uses forward, never back. Keys that do not exist are passed over. @throws as `lookUp` */
  noteUses(uses: readonly ApiKeyUse[]): Promise<void>;
}
