import type { ApiKey } from "../domain/api-key.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import type { Role } from "../domain/principal.ts";
import type { ChangeLog } from "./change-log.ts";

export interface ApiKeyFilter {
  readonly tenantId?: string;
  readonly role?: Role;
  /** Only keys that work at this instant. */
  readonly activeAt?: EpochMilliseconds;
}

/** A key with what is kept of its secret. */
export interface StoredApiKey {
  readonly key: ApiKey;
  readonly secretHash: string;
}

/** API keys, newest first by id. They are never removed: an audit must be able to name them. */
export interface ApiKeyRepository {
  /** @throws ConcurrentChangeError when a key has the id or the prefix */
  insert(key: ApiKey, secretHash: string): Promise<void>;
  /** The key of the id, locked until the end of the transaction: two who revoke it come one after the other. */
  findForUpdate(id: string): Promise<ApiKey | undefined>;
  findByPrefix(prefix: string): Promise<StoredApiKey | undefined>;
  list(filter: ApiKeyFilter, beforeId: string | undefined, limit: number): Promise<ApiKey[]>;
  /** Sets when the key was revoked; one that is revoked already keeps its time. */
  revoke(id: string, revokedAt: EpochMilliseconds): Promise<void>;
}

/** What keys are read and changed through, within one transaction. */
export interface ApiKeyStore {
  readonly keys: ApiKeyRepository;
  /** Takes entries about keys alone. */
  readonly changes: ChangeLog;
  /** The storage's clock. */
  now(): Promise<EpochMilliseconds>;
}

/**
 * The transaction of API keys: all of the work or nothing is stored.
 *
 * @throws ConcurrentChangeError nothing was written, may be run again at once
 * @throws StorageUnavailableError nothing was written
 * @throws CommitOutcomeUnknownError it was or was not written, and cannot be found out
 */
export interface ApiKeyUnitOfWork {
  run<T>(work: (store: ApiKeyStore) => Promise<T>): Promise<T>;
}
