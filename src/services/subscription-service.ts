import type { Actor } from "../domain/actor.ts";
import { InvalidRequestError } from "../domain/errors/invalid-request-error.ts";
import { SubscriptionNotFoundError } from "../domain/errors/subscription-not-found-error.ts";
import type { RandomBits } from "../domain/event-id.ts";
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
import { overrideEntry, subscriptionEntry } from "./control-entries.ts";
import type { ControlJournal } from "./control-journal.ts";
import { ControlPlane } from "./control-plane.ts";
import type { Created } from "./created.ts";
import { type Page, type PageRequest, pageOf } from "./page.ts";
import type { Listing, PageTokens } from "./page-tokens.ts";

export interface PutOverrideReceipt {
  readonly override: LimitOverride;
  /** True while the tenant's plan lacks the metric, so that the override does not hold yet (R3). */
  readonly waitsForPlan: boolean;
}

/** Which plan each tenant is on, and limits of its own. Changes hold from the next decision on (R5), and are written down. */
export class SubscriptionService {
  readonly #plane: ControlPlane;
  readonly #tokens: PageTokens;

  constructor(unitOfWork: ControlUnitOfWork, tokens: PageTokens, random: RandomBits) {
    this.#plane = new ControlPlane(unitOfWork, random);
    this.#tokens = tokens;
  }

  /** Creates or replaces; an identical one is left as it is. @throws PlanNotFoundError */
  async putSubscription(definition: SubscriptionDefinition, actor: Actor): Promise<Subscription> {
    return await this.#change(definition.tenantId, actor, async (store, journal) => {
      const existing = await store.subscriptions.findForUpdate(definition.tenantId);
      if (existing !== undefined && sameSubscriptionDefinition(existing, definition)) return existing;
      const now = await store.now();
      const subscription = { ...definition, createdAt: existing?.createdAt ?? now, updatedAt: now };
      // One that was created in the meantime must not be replaced as if it had not been there.
      if (existing === undefined) await store.subscriptions.insert(subscription);
      else await store.subscriptions.put(subscription);
      await journal.record(now, subscriptionEntry({ before: existing, after: subscription }));
      return subscription;
    });
  }

  /**
   * Creates it for a tenant that has none, and otherwise leaves the one there is.
   *
   * @returns the tenant's subscription, and whether this call created it
   * @throws PlanNotFoundError
   */
  async createMissingSubscription(definition: SubscriptionDefinition, actor: Actor): Promise<Created<Subscription>> {
    return await this.#change(definition.tenantId, actor, async (store, journal) => {
      const existing = await store.subscriptions.find(definition.tenantId);
      if (existing !== undefined) return { value: existing, isNew: false };
      const now = await store.now();
      const subscription = { ...definition, createdAt: now, updatedAt: now };
      await store.subscriptions.insert(subscription);
      await journal.record(now, subscriptionEntry({ after: subscription }));
      return { value: subscription, isNew: true };
    });
  }

  /** @throws SubscriptionNotFoundError */
  async getSubscription(tenantId: string): Promise<Subscription> {
    const subscription = await this.#plane.readTenant(tenantId, (store) => store.subscriptions.find(tenantId));
    if (subscription === undefined) throw new SubscriptionNotFoundError(tenantId);
    return subscription;
  }

  /** Ordered by tenant id. @throws PageTokenInvalidError */
  async listSubscriptions(filter: SubscriptionFilter, page: PageRequest<Subscription>): Promise<Page<Subscription>> {
    const listing: Listing = { name: "subscriptions", filters: { planCode: filter.planCode ?? null } };
    const after = this.#tokens.read(listing, page.token);
    const rows = await this.#plane.readAllTenants((store) => store.subscriptions.list(filter, after, page.size + 1));
    return pageOf(rows, page, (last) => this.#tokens.issue(listing, last.tenantId));
  }

  /** Deleting an absent one changes nothing (R17). History and open counters stay (R6). */
  async deleteSubscription(tenantId: string, actor: Actor): Promise<void> {
    await this.#change(tenantId, actor, async (store, journal) => {
      const existing = await store.subscriptions.findForUpdate(tenantId);
      if (existing === undefined) return;
      await store.subscriptions.delete(tenantId);
      await journal.record(await store.now(), subscriptionEntry({ before: existing }));
    });
  }

  /**
   * Creates or replaces; an identical one is left as it is.
   *
   * @throws InvalidRequestError when it would already have expired by the storage's clock
   */
  async putLimitOverride(definition: LimitOverrideDefinition, actor: Actor): Promise<PutOverrideReceipt> {
    return await this.#change(definition.tenantId, actor, async (store, journal) => {
      const existing = await store.overrides.findForUpdate(definition);
      const now = await store.now();
      if (!overrideHolds(definition, now)) throw expiredAlready(definition, now);
      const waitsForPlan = await lacksMetric(store, definition);
      if (existing !== undefined && sameOverrideDefinition(existing, definition)) {
        return { override: existing, waitsForPlan };
      }
      const override = { ...definition, createdAt: existing?.createdAt ?? now, updatedAt: now };
      // One that was created in the meantime must not be replaced as if it had not been there.
      if (existing === undefined) await store.overrides.insert(override);
      else await store.overrides.put(override);
      await journal.record(now, overrideEntry({ before: existing, after: override }));
      return { override, waitsForPlan };
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
    const rows = await this.#plane.readAllTenants((store) => store.overrides.list(filter, after, page.size + 1));
    return pageOf(rows, page, (last) => this.#tokens.issue(listing, `${last.tenantId} ${last.metricCode}`));
  }

  /** Deleting an absent one changes nothing (R17). */
  async deleteLimitOverride(position: LimitOverridePosition, actor: Actor): Promise<void> {
    await this.#change(position.tenantId, actor, async (store, journal) => {
      const existing = await store.overrides.findForUpdate(position);
      if (existing === undefined) return;
      await store.overrides.delete(position);
      await journal.record(await store.now(), overrideEntry({ before: existing }));
    });
  }

  async #change<T>(
    tenantId: string,
    actor: Actor,
    work: (store: ControlStore, journal: ControlJournal) => Promise<T>,
  ): Promise<T> {
    // Every call here puts, creates what is missing, or deletes: repeated, it changes nothing more.
    return await this.#plane.change({ tenantIds: [tenantId], actor, isRepeatable: true }, work);
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
