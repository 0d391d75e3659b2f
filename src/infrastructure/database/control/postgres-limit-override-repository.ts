import { type EntityManager, LockMode } from "@mikro-orm/postgresql";
import type { LimitOverride } from "../../../domain/limit-override.ts";
import type {
  LimitOverrideFilter,
  LimitOverridePosition,
  LimitOverrideRepository,
} from "../../../repositories/limit-override-repository.ts";
import { LimitOverrideEntity } from "../entities/limit-override-entity.ts";
import { tenantFilterName } from "../entities/tenant-table.ts";
import { overrideOfEntity } from "../mappers/control-mappers.ts";

export class PostgresLimitOverrideRepository implements LimitOverrideRepository {
  readonly #em: EntityManager;
  readonly #filters: { readonly [tenantFilterName]: boolean };

  /** @param allTenants true for the role that reads all tenants, for which the filter is turned off by name */
  constructor(em: EntityManager, allTenants: boolean) {
    this.#em = em;
    this.#filters = { [tenantFilterName]: !allTenants };
  }

  async find(position: LimitOverridePosition): Promise<LimitOverride | undefined> {
    return await this.#findOne(position, {});
  }

  async findForUpdate(position: LimitOverridePosition): Promise<LimitOverride | undefined> {
    return await this.#findOne(position, { lockMode: LockMode.PESSIMISTIC_WRITE });
  }

  async #findOne(
    { tenantId, metricCode }: LimitOverridePosition,
    lock: { readonly lockMode?: LockMode.PESSIMISTIC_WRITE },
  ): Promise<LimitOverride | undefined> {
    const override = await this.#em.findOne(
      LimitOverrideEntity,
      { tenantId, metricCode },
      { ...lock, filters: this.#filters, refresh: true },
    );
    return override === null ? undefined : overrideOfEntity(override);
  }

  async list(
    filter: LimitOverrideFilter,
    after: LimitOverridePosition | undefined,
    limit: number,
  ): Promise<LimitOverride[]> {
    const overrides = await this.#em.find(
      LimitOverrideEntity,
      {
        $and: [
          filter.tenantId === undefined ? {} : { tenantId: filter.tenantId },
          after === undefined
            ? {}
            : {
                $or: [
                  { tenantId: { $gt: after.tenantId } },
                  { tenantId: after.tenantId, metricCode: { $gt: after.metricCode } },
                ],
              },
        ],
      },
      { orderBy: { tenantId: "asc", metricCode: "asc" }, limit, filters: this.#filters },
    );
    return overrides.map(overrideOfEntity);
  }

  async insert(override: LimitOverride): Promise<void> {
    await this.#em.insert(LimitOverrideEntity, rowOf(override));
  }

  async put(override: LimitOverride): Promise<LimitOverride> {
    await this.#em.upsert(LimitOverrideEntity, rowOf(override), { onConflictExcludeFields: ["createdAt"] });
    // The upsert fills its entity with what the driver returned, eight-byte integers as text among it.
    const stored = await this.find(override);
    if (stored === undefined) throw new Error("an override that was just put is not there");
    return stored;
  }

  async delete(position: LimitOverridePosition): Promise<void> {
    const { tenantId, metricCode } = position;
    await this.#em.nativeDelete(LimitOverrideEntity, { tenantId, metricCode }, { filters: this.#filters });
  }
}

function rowOf(override: LimitOverride) {
  return {
    tenantId: override.tenantId,
    metricCode: override.metricCode,
    quotaLimit: override.limit,
    enforcement: override.enforcement ?? null,
    reason: override.reason,
    expiresAt: override.expiresAt === undefined ? null : new Date(override.expiresAt),
    createdAt: new Date(override.createdAt),
    updatedAt: new Date(override.updatedAt),
  };
}
