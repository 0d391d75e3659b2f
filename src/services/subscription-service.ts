import { InvalidRequestError } from "../domain/errors/invalid-request-error.ts";
import { SubscriptionNotFoundError } from "../domain/errors/subscription-not-found-error.ts";
import {
  type LimitOverride,
  type LimitOverrideDefinition,
  overrideHolds,
  sameOverrideDefinition,
} from "../domain/limit-override.ts";
import { type Subscription, type SubscriptionDefinition, sameSubscriptionDefinition } from "../domain/subscription.ts";
import type { ControlStore, ControlUnitOfWork } from "../repositories/control-unit-of-work.ts";
import type { LimitOverrideFilter, LimitOverridePosition } from "../repositories/limit-override-repository.ts";
import type { SubscriptionFilter } from "../repositories/subscription-repository.ts";
import type { Created } from "./created.ts";
import { type Page, type PageRequest, pageOf } from "./page.ts";
import type { Listing, PageTokens } from "./page-tokens.ts";
import { changeSafely, rerunAfterLostRace } from "./storage-failures.ts";

export interface PutOverrideReceipt {
  readonly override: LimitOverride;
  /** True while the tenant's plan lacks the metric, so that the override does not hold yet (R3). */
  readonly waitsForPlan: boolean;
}

/** Which plan each tenant is on, and limits of its own. Changes hold from the next decision on (R5). */
export class SubscriptionService {
  readonly #unitOfWork: ControlUnitOfWork;
  readonly #tokens: PageTokens;

  constructor(unitOfWork: ControlUnitOfWork, tokens: PageTokens) {
    this.#unitOfWork = unitOfWork;
    this.#tokens = tokens;
  }

  /** Creates or replaces; an identical one is left as it is. @throws PlanNotFoundError */
  async putSubscription(definition: SubscriptionDefinition): Promise<Subscription> {
    return await this.#change(definition.tenantId, async (store) => {
      const existing = await store.subscriptions.find(definition.tenantId);
      if (existing !== undefined && sameSubscriptionDefinition(existing, definition)) return existing;
      const now = await store.now();
      return await store.subscriptions.put({ ...definition, createdAt: now, updatedAt: now });
    });
  }

  /**
   * Creates it for a tenant that has none, and otherwise leaves the one there is.
   *
   * @returns the tenant's subscription, and whether this call created it
   * @throws PlanNotFoundError
   */
  async createMissingSubscription(definition: SubscriptionDefinition): Promise<Created<Subscription>> {
    return await this.#change(definition.tenantId, async (store) => {
      const existing = await store.subscriptions.find(definition.tenantId);
      if (existing !== undefined) return { value: existing, isNew: false };
      const now = await store.now();
      const subscription = { ...definition, createdAt: now, updatedAt: now };
      await store.subscriptions.insert(subscription);
      return { value: subscription, isNew: true };
    });
  }

  /** @throws SubscriptionNotFoundError */
  async getSubscription(tenantId: string): Promise<Subscription> {
    const subscription = await this.#change(tenantId, (store) => store.subscriptions.find(tenantId));
    if (subscription === undefined) throw new SubscriptionNotFoundError(tenantId);
    return subscription;
  }

  /** Ordered by tenant id. @throws PageTokenInvalidError */
  async listSubscriptions(filter: SubscriptionFilter, page: PageRequest<Subscription>): Promise<Page<Subscription>> {
    const listing: Listing = { name: "subscriptions", filters: { planCode: filter.planCode ?? null } };
    const after = this.#tokens.read(listing, page.token);
    const rows = await this.#readAllTenants((store) => store.subscriptions.list(filter, after, page.size + 1));
    return pageOf(rows, page, (last) => this.#tokens.issue(listing, last.tenantId));
  }

  /** Deleting an absent one changes nothing (R17). History and open counters stay (R6). */
  async deleteSubscription(tenantId: string): Promise<void> {
    await this.#change(tenantId, (store) => store.subscriptions.delete(tenantId));
  }

  /**
   * Creates or replaces; an identical one is left as it is.
   *
   * @throws InvalidRequestError when it would already have expired by the storage's clock
   */
  async putLimitOverride(definition: LimitOverrideDefinition): Promise<PutOverrideReceipt> {
    return await this.#change(definition.tenantId, async (store) => {
      const now = await store.now();
      if (!overrideHolds(definition, now)) throw expiredAlready(definition, now);
      const existing = await store.overrides.find(definition);
      const isSame = existing !== undefined && sameOverrideDefinition(existing, definition);
      const override = isSame ? existing : await store.overrides.put({ ...definition, createdAt: now, updatedAt: now });
      return { override, waitsForPlan: await lacksMetric(store, definition) };
    });
  }

  /** Ordered by tenant id and metric code, expired ones among them. @throws PageTokenInvalidError */
  async listLimitOverrides(
    filter: LimitOverrideFilter,
    page: PageRequest<LimitOverride>,
  ): Promise<Page<LimitOverride>> {
    const listing: Listing = { name: "limit_overrides", filters: { tenantId: filter.tenantId ?? null } };
    const cursor = this.#tokens.read(listing, page.token);
    const after = cursor === undefined ? undefined : positionOf(cursor);
    const rows = await this.#readAllTenants((store) => store.overrides.list(filter, after, page.size + 1));
    return pageOf(rows, page, (last) => this.#tokens.issue(listing, `${last.tenantId} ${last.metricCode}`));
  }

  /** Deleting an absent one changes nothing (R17). */
  async deleteLimitOverride(position: LimitOverridePosition): Promise<void> {
    await this.#change(position.tenantId, (store) => store.overrides.delete(position));
  }

  async #change<T>(tenantId: string, work: (store: ControlStore) => Promise<T>): Promise<T> {
    // Every call here puts, creates what is missing, or deletes: repeated, it changes nothing more.
    return await changeSafely(true, () => this.#unitOfWork.change([tenantId], work));
  }

  async #readAllTenants<T>(work: (store: ControlStore) => Promise<T>): Promise<T> {
    return await rerunAfterLostRace(() => this.#unitOfWork.readAllTenants(work));
  }
}

async function lacksMetric(store: ControlStore, { tenantId, metricCode }: LimitOverridePosition): Promise<boolean> {
  const subscription = await store.subscriptions.find(tenantId);
  const plan =
    subscription === undefined ? await store.plans.findDefault() : await store.plans.find(subscription.planCode);
  return plan === undefined || plan.limits.every((limit) => limit.metricCode !== metricCode);
}

function expiredAlready(definition: LimitOverrideDefinition, now: number): InvalidRequestError {
  const expiresAt = new Date(definition.expiresAt ?? now).toISOString();
  const description = `${expiresAt} is not ahead of now, ${new Date(now).toISOString()}`;
  return new InvalidRequestError([{ field: "override.expires_at", description }]);
}

function positionOf(cursor: string): LimitOverridePosition {
  const [tenantId = "", metricCode = ""] = cursor.split(" ");
  return { tenantId, metricCode };
}
