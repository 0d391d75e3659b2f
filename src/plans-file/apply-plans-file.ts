import type { Actor } from "../domain/actor.ts";
import { type QuotaErrorReason, QuotaServiceError } from "../domain/errors/quota-service-error.ts";
import type { PlanDefinition } from "../domain/plan.ts";
import type { SubscriptionDefinition } from "../domain/subscription.ts";
import type { WarningLog } from "../services/over-limit-warnings.ts";
import type { PlanService } from "../services/plan-service.ts";
import type { SubscriptionService } from "../services/subscription-service.ts";
import { planDifferences, subscriptionDifferences } from "./differences.ts";
import type { PlansFile } from "./plans-file.ts";

export interface PlansFileServices {
  readonly plans: Pick<PlanService, "createMissingPlan">;
  readonly subscriptions: Pick<SubscriptionService, "createMissingSubscription">;
}

/** pino's logger is one. */
export interface PlansFileLog extends WarningLog {
  info(fields: Record<string, unknown>, message: string): void;
}

/** Who the audit trail says has created them: the service itself, at its start. */
const actor: Actor = { name: "plans file", requestId: "" };

/** Failures that say nothing about the entry at hand: the next one would fail as well. */
const outages: readonly QuotaErrorReason[] = ["DATABASE_UNAVAILABLE", "OVERLOADED", "DRAINING", "OUTCOME_UNKNOWN"];

/**
 * Creates the plans and subscriptions of the file that the database lacks. What exists is never changed: the control
 * plane has the last word, and every difference is one warning. What was deleted in the database and is still in the
 * file is missing, and therefore created again. May be repeated, and run by several processes at once.
 *
 * @throws QuotaServiceError when the database cannot be reached; a part of the file may have been applied then
 */
export async function applyPlansFile(file: PlansFile, services: PlansFileServices, log: PlansFileLog): Promise<void> {
  const application = new PlansFileApplication(file.fileName, services, log);
  for (const plan of file.plans) await application.applyPlan(plan);
  for (const subscription of file.subscriptions) await application.applySubscription(subscription);
  application.finish();
}

class PlansFileApplication {
  readonly #fileName: string;
  readonly #services: PlansFileServices;
  readonly #log: PlansFileLog;
  #plansCreated = 0;
  #subscriptionsCreated = 0;
  #warnings = 0;

  constructor(fileName: string, services: PlansFileServices, log: PlansFileLog) {
    this.#fileName = fileName;
    this.#services = services;
    this.#log = log;
  }

  async applyPlan(plan: PlanDefinition): Promise<void> {
    await this.#attempt({ planCode: plan.code }, `plan ${plan.code}`, async (warn) => {
      const { value: stored, isNew } = await this.#services.plans.createMissingPlan(plan, actor);
      if (!isNew) warnOfDifferences(planDifferences(stored, plan), warn);
      else this.#plansCreated += 1;
      if (isNew && stored.isDefault !== plan.isDefault) {
        warn("created, but not as the default: the database has a default plan, which stands");
      }
    });
  }

  async applySubscription(subscription: SubscriptionDefinition): Promise<void> {
    const { tenantId, planCode } = subscription;
    await this.#attempt({ tenantId, planCode }, `subscription of tenant ${tenantId}`, async (warn) => {
      const { value: stored, isNew } = await this.#services.subscriptions.createMissingSubscription(
        subscription,
        actor,
      );
      if (isNew) this.#subscriptionsCreated += 1;
      else warnOfDifferences(subscriptionDifferences(stored, subscription), warn);
    });
  }

  finish(): void {
    const counts = {
      plansCreated: this.#plansCreated,
      subscriptionsCreated: this.#subscriptionsCreated,
      warnings: this.#warnings,
    };
    this.#log.info({ plansFile: this.#fileName, ...counts }, "applied the plans file");
  }

  /** One entry's failure is a warning: an admin may delete its plan at any time, and the service must start anyway. */
  async #attempt(
    fields: Record<string, unknown>,
    subject: string,
    work: (warn: (text: string) => void) => Promise<void>,
  ): Promise<void> {
    const warn = (text: string) => {
      this.#warnings += 1;
      this.#log.warn({ plansFile: this.#fileName, ...fields }, `${subject}: ${text}`);
    };
    try {
      await work(warn);
    } catch (error) {
      if (!(error instanceof QuotaServiceError) || outages.includes(error.reason)) throw error;
      warn(`not created: ${error.message}`);
    }
  }
}

function warnOfDifferences(differences: readonly string[], warn: (text: string) => void): void {
  for (const text of differences) warn(`${text}; the database's stands`);
}
