import { type ApiKey, isActive } from "../../domain/api-key.ts";
import { compareText } from "../../domain/compare-text.ts";
import type { ControlChange, ControlObjectKind } from "../../domain/control-change.ts";
import type { EpochMilliseconds } from "../../domain/instant.ts";
import type { ApiKeyDirectory, ApiKeySnapshot, ApiKeyUse } from "../api-key-directory.ts";
import type {
  ApiKeyFilter,
  ApiKeyRepository,
  ApiKeyStore,
  ApiKeyUnitOfWork,
  StoredApiKey,
} from "../api-key-repository.ts";
import type { ChangeLog } from "../change-log.ts";
import { ConcurrentChangeError } from "../storage-errors.ts";
import { AsyncMutex } from "./async-mutex.ts";

/** API keys by id, one transaction after the other. For tests: they die with the process. */
export class InMemoryApiKeys implements ApiKeyUnitOfWork, ApiKeyDirectory {
  readonly #now: () => EpochMilliseconds;
  readonly #mutex = new AsyncMutex();
  #committed: ReadonlyMap<string, StoredApiKey> = new Map();
  #changes: readonly ControlChange[] = [];

  constructor(now: () => EpochMilliseconds) {
    this.#now = now;
  }

  run<T>(work: (store: ApiKeyStore) => Promise<T>): Promise<T> {
    return this.#mutex.runExclusive(async () => {
      const staged = new Map(this.#committed);
      const changes = new InMemoryKeyChangeLog([...this.#changes]);
      const result = await work({ keys: new InMemoryApiKeyRepository(staged), changes, now: async () => this.#now() });
      this.#committed = staged;
      this.#changes = changes.entries;
      return result;
    });
  }

  async lookUp(prefixes: readonly string[]): Promise<ApiKeySnapshot> {
    const found = [...this.#committed.values()].filter(({ key }) => prefixes.includes(key.prefix));
    return { now: this.#now(), keys: new Map(found.map((stored) => [stored.key.prefix, stored])) };
  }

  async noteUses(uses: readonly ApiKeyUse[]): Promise<void> {
    const changed = new Map(this.#committed);
    for (const { keyId, agoMs } of uses) {
      const stored = changed.get(keyId);
      if (stored === undefined) continue;
      const lastUsedAt = Math.max(this.#now() - agoMs, stored.key.lastUsedAt ?? 0);
      changed.set(keyId, { ...stored, key: { ...stored.key, lastUsedAt } });
    }
    this.#committed = changed;
  }
}

class InMemoryKeyChangeLog implements ChangeLog {
  readonly entries: ControlChange[];

  constructor(entries: ControlChange[]) {
    this.entries = entries;
  }

  async findLastId(objectKind: ControlObjectKind, objectId: string): Promise<string | undefined> {
    return this.entries.findLast((entry) => entry.objectKind === objectKind && entry.objectId === objectId)?.id;
  }

  async append(change: ControlChange): Promise<void> {
    if (change.objectKind !== "API_KEY") throw new Error("this transaction writes down changes of keys alone");
    this.entries.push(change);
  }
}

class InMemoryApiKeyRepository implements ApiKeyRepository {
  readonly #rows: Map<string, StoredApiKey>;

  constructor(rows: Map<string, StoredApiKey>) {
    this.#rows = rows;
  }

  async insert(key: ApiKey, secretHash: string): Promise<void> {
    if (this.#rows.has(key.id) || (await this.findByPrefix(key.prefix)) !== undefined) {
      throw new ConcurrentChangeError("a key has the id or the prefix");
    }
    this.#rows.set(key.id, { key, secretHash });
  }

  async findForUpdate(id: string): Promise<ApiKey | undefined> {
    return this.#rows.get(id)?.key;
  }

  async findByPrefix(prefix: string): Promise<StoredApiKey | undefined> {
    return [...this.#rows.values()].find(({ key }) => key.prefix === prefix);
  }

  async list(filter: ApiKeyFilter, beforeId: string | undefined, limit: number): Promise<ApiKey[]> {
    return [...this.#rows.values()]
      .map(({ key }) => key)
      .filter((key) => matches(key, filter) && (beforeId === undefined || key.id < beforeId))
      .sort((a, b) => compareText(b.id, a.id))
      .slice(0, limit);
  }

  async revoke(id: string, revokedAt: EpochMilliseconds): Promise<void> {
    const stored = this.#rows.get(id);
    if (stored === undefined || stored.key.revokedAt !== undefined) return;
    this.#rows.set(id, { ...stored, key: { ...stored.key, revokedAt } });
  }
}

function matches(key: ApiKey, { tenantId, role, activeAt }: ApiKeyFilter): boolean {
  return (
    (tenantId === undefined || key.tenantId === tenantId) &&
    (role === undefined || key.role === role) &&
    (activeAt === undefined || isActive(key, activeAt))
  );
}
