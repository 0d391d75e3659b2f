import type { InferEntity } from "@mikro-orm/core";
import { type EntityManager, LockMode } from "@mikro-orm/postgresql";
import type { ApiKey } from "../../../domain/api-key.ts";
import type { EpochMilliseconds } from "../../../domain/instant.ts";
import type { ApiKeyFilter, ApiKeyRepository, StoredApiKey } from "../../../repositories/api-key-repository.ts";
import { ApiKeyEntity } from "../entities/api-key-entity.ts";

export class PostgresApiKeyRepository implements ApiKeyRepository {
  readonly #em: EntityManager;

  constructor(em: EntityManager) {
    this.#em = em;
  }

  async insert(key: ApiKey, secretHash: string): Promise<void> {
    await this.#em.insert(ApiKeyEntity, { ...rowOf(key), secretHash });
  }

  async findForUpdate(id: string): Promise<ApiKey | undefined> {
    const row = await this.#em.findOne(ApiKeyEntity, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
    return row === null ? undefined : keyOf(row);
  }

  async findByPrefix(prefix: string): Promise<StoredApiKey | undefined> {
    const row = await this.#em.findOne(ApiKeyEntity, { prefix }, { populate: ["secretHash"], refresh: true });
    return row === null ? undefined : { key: keyOf(row), secretHash: row.secretHash };
  }

  async list(filter: ApiKeyFilter, beforeId: string | undefined, limit: number): Promise<ApiKey[]> {
    const { tenantId, role, activeAt } = filter;
    const rows = await this.#em.find(
      ApiKeyEntity,
      {
        ...(tenantId === undefined ? {} : { tenantId }),
        ...(role === undefined ? {} : { role }),
        ...(beforeId === undefined ? {} : { id: { $lt: beforeId } }),
        ...(activeAt === undefined
          ? {}
          : { revokedAt: null, $or: [{ expiresAt: null }, { expiresAt: { $gt: new Date(activeAt) } }] }),
      },
      { orderBy: { id: "desc" }, limit, refresh: true },
    );
    return rows.map(keyOf);
  }

  async revoke(id: string, revokedAt: EpochMilliseconds): Promise<void> {
    await this.#em.nativeUpdate(ApiKeyEntity, { id, revokedAt: null }, { revokedAt: new Date(revokedAt) });
  }
}

function rowOf(key: ApiKey) {
  return {
    id: key.id,
    displayName: key.displayName,
    role: key.role,
    tenantId: key.tenantId ?? null,
    prefix: key.prefix,
    createdAt: new Date(key.createdAt),
    expiresAt: dateOf(key.expiresAt),
    lastUsedAt: dateOf(key.lastUsedAt),
    revokedAt: dateOf(key.revokedAt),
  };
}

function dateOf(instant: EpochMilliseconds | undefined): Date | null {
  return instant === undefined ? null : new Date(instant);
}

function keyOf(row: InferEntity<typeof ApiKeyEntity>): ApiKey {
  return {
    id: row.id,
    displayName: row.displayName,
    role: row.role,
    ...(row.tenantId == null ? {} : { tenantId: row.tenantId }),
    prefix: row.prefix,
    createdAt: row.createdAt.getTime(),
    ...(row.expiresAt == null ? {} : { expiresAt: row.expiresAt.getTime() }),
    ...(row.lastUsedAt == null ? {} : { lastUsedAt: row.lastUsedAt.getTime() }),
    ...(row.revokedAt == null ? {} : { revokedAt: row.revokedAt.getTime() }),
  };
}
