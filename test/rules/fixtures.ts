import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { QuotaLimitSchema } from "../../gen/quota/v1/plan_pb.ts";
import type { SubscriptionSchema } from "../../gen/quota/v1/subscription_pb.ts";
import { LimitEnforcement, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aCode, aTenant } from "../support/builders.ts";
import { type Refusal, RefusedCallError, refusalOfCall } from "../support/grpc-client.ts";
import type { TestApp } from "../support/test-app.ts";

export type LimitInit = MessageInitShape<typeof QuotaLimitSchema>;
export type SubscriptionInit = MessageInitShape<typeof SubscriptionSchema>;

/** A moment that is near no border of a period. */
export const noon = Date.UTC(2027, 2, 10, 12, 34, 56, 789);

/** The largest counter and limit of the contract (§4), and the largest amount. */
export const counterMax = 2n ** 53n - 1n;
export const amountMax = 10n ** 15n;

export function hard(metricCode: string, limit: bigint, periodKind: PeriodKind = PeriodKind.MONTH): LimitInit {
  return { metricCode, limit, enforcement: LimitEnforcement.HARD, periodKind };
}

export function soft(metricCode: string, limit: bigint, periodKind: PeriodKind = PeriodKind.MONTH): LimitInit {
  return { metricCode, limit, enforcement: LimitEnforcement.SOFT, periodKind };
}

export function unlimited(metricCode: string, periodKind: PeriodKind = PeriodKind.MONTH): LimitInit {
  return { metricCode, unlimited: true, enforcement: LimitEnforcement.HARD, periodKind };
}

/** A plan of its own for the test. Answers its code. */
export async function newPlan(app: TestApp, ...limits: readonly LimitInit[]): Promise<string> {
  const code = aCode("plan");
  await app.plans.createPlan({ plan: { code, displayName: "A plan", limits: [...limits] } });
  return code;
}

/** Puts the tenant on the plan. */
export async function subscribe(
  app: TestApp,
  tenantId: string,
  planCode: string,
  fields: SubscriptionInit = {},
): Promise<void> {
  await app.subscriptions.putSubscription({ subscription: { tenantId, planCode, ...fields } });
}

/** A new tenant, subscribed to a new plan with these limits. */
export async function tenantOn(
  app: TestApp,
  ...limits: readonly LimitInit[]
): Promise<{ tenantId: string; planCode: string }> {
  const planCode = await newPlan(app, ...limits);
  const tenantId = aTenant();
  await subscribe(app, tenantId, planCode);
  return { tenantId, planCode };
}

/** Replaces the limits of a plan, at whatever revision it is. */
export async function setLimits(app: TestApp, code: string, ...limits: readonly LimitInit[]): Promise<void> {
  const { plan } = await app.plans.getPlan({ code });
  await app.plans.updatePlan({ plan: { ...planInit(plan), limits: [...limits] } });
}

/** What is needed of a plan to send it again. */
export function planInit(
  plan: { code: string; displayName: string; isDefault: boolean; revision: bigint } | undefined,
) {
  if (plan === undefined) throw new Error("an answer lacks its plan");
  const { code, displayName, isDefault, revision } = plan;
  return { code, displayName, isDefault, revision };
}

export type Numbers = Readonly<Record<string, string>>;

/** Reason, code and numbers of a refusal, which is what a client decides by. */
export async function refused(call: Promise<unknown>): Promise<{ code: string; reason: string; numbers: Numbers }> {
  return numbersOf(await refusalOfCall(call));
}

export function numbersOf(refusal: Refusal): { code: string; reason: string; numbers: Numbers } {
  const { code, reason = `none, but "${refusal.message}"`, info } = refusal;
  return { code, reason, numbers: info?.metadata ?? {} };
}

/** The refusal that a call was rejected with. */
export function refusalIn(error: unknown): Refusal {
  if (error instanceof RefusedCallError) return error.refusal;
  throw new Error("the call failed without being refused", { cause: error });
}

/** Only the reason. */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  return (await refused(call)).reason;
}

/** An instant of an answer in RFC 3339; undefined when it is unset. */
export function isoOf(timestamp: Timestamp | undefined): string | undefined {
  return timestamp === undefined ? undefined : new Date(timestampMs(timestamp)).toISOString();
}
