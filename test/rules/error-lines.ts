import type { ErrorReason } from "../../gen/quota/v1/error_reason_pb.ts";
import { aTenant } from "../support/builders.ts";
import type { TestApp } from "../support/test-app.ts";
import { amountMax } from "./fixtures.ts";
import { ofSize, recordUsagePath } from "./raw-requests.ts";

/** Details of google.rpc that an error may carry beside its ErrorInfo. */
export type Detail = "badRequest" | "quotaFailure" | "retryInfo";
export const details: readonly Detail[] = ["badRequest", "quotaFailure", "retryInfo"];

/** What a walk needs of an app: one way into it. */
export type Door = Pick<TestApp, "quota" | "plans" | "subscriptions" | "apiKeys"> & {
  readonly connection: { callRaw(path: string, request: Buffer): Promise<unknown> };
};

/** One line of the table. */
export interface Line {
  readonly reason: keyof typeof ErrorReason;
  readonly code: string;
  /** Names in the ErrorInfo's metadata. */
  readonly numbers: readonly string[];
  readonly details: readonly Detail[];
  /** Every way to it that differs. */
  readonly provoke: (app: Door, tenantId: string) => readonly (() => Promise<unknown>)[];
}

/** What the tenant of the walk is on: `items` with 1 of 5 used under key `taken`, and a full `free`. */
export const planCode = "walked";
const noTenant = aTenant();
export const item = (tenantId: string) => ({ tenantId, metricCode: "items", amount: 1n });

/** The table of the contract (§3), as far as it can be provoked from outside without a fault of the database. */
export const table: readonly Line[] = [
  {
    reason: "INVALID_REQUEST",
    code: "INVALID_ARGUMENT",
    numbers: ["violations"],
    details: ["badRequest"],
    provoke: (app, tenantId) => [
      () => app.quota.recordUsage({ ...item(tenantId), amount: 0n }),
      () => app.connection.callRaw(recordUsagePath, Buffer.from("no protobuf")),
      () => app.subscriptions.putLimitOverride({ override: { tenantId, metricCode: "items" } }),
    ],
  },
  {
    reason: "PAGE_TOKEN_INVALID",
    code: "INVALID_ARGUMENT",
    numbers: ["field"],
    details: ["badRequest"],
    provoke: (app, tenantId) => [
      () => app.quota.listEvents({ tenantId, pageToken: "x" }),
      () => app.plans.listPlans({ pageToken: "x" }),
    ],
  },
  {
    reason: "MESSAGE_TOO_LARGE",
    code: "INVALID_ARGUMENT",
    numbers: ["max_bytes"],
    details: [],
    provoke: (app, tenantId) => [() => app.connection.callRaw(recordUsagePath, ofSize(item(tenantId), 65_537))],
  },
  {
    reason: "QUOTA_EXCEEDED",
    code: "RESOURCE_EXHAUSTED",
    numbers: [
      "current",
      "enforcement",
      "limit",
      "limit_source",
      "metric_code",
      "period_end",
      "plan_code",
      "remaining",
      "requested",
    ],
    details: ["quotaFailure", "retryInfo"],
    provoke: (app, tenantId) => [() => app.quota.recordUsage({ ...item(tenantId), amount: 5n })],
  },
  {
    reason: "NO_PLAN",
    code: "FAILED_PRECONDITION",
    numbers: ["tenant_id"],
    details: [],
    provoke: (app) => [
      () => app.quota.recordUsage(item(noTenant)),
      () => app.quota.checkQuota(item(noTenant)),
      () => app.quota.getStatus({ tenantId: noTenant }),
    ],
  },
  {
    reason: "METRIC_NOT_IN_PLAN",
    code: "FAILED_PRECONDITION",
    numbers: ["metric_code", "plan_code"],
    details: [],
    provoke: (app, tenantId) => [
      () => app.quota.recordUsage({ ...item(tenantId), metricCode: "absent" }),
      () => app.quota.checkQuota({ ...item(tenantId), metricCode: "absent" }),
    ],
  },
  {
    reason: "PLAN_IN_USE",
    code: "FAILED_PRECONDITION",
    numbers: ["is_default", "plan_code"],
    details: [],
    provoke: (app) => [() => app.plans.deletePlan({ code: planCode })],
  },
  {
    reason: "PLAN_NOT_FOUND",
    code: "NOT_FOUND",
    numbers: ["plan_code"],
    details: [],
    provoke: (app, tenantId) => [
      () => app.plans.getPlan({ code: "absent" }),
      () => app.plans.updatePlan({ plan: { code: "absent", revision: 1n } }),
      () => app.subscriptions.putSubscription({ subscription: { tenantId, planCode: "absent" } }),
      () => app.quota.recordUsage({ ...item(tenantId), planCode: "absent" }),
      () => app.quota.checkQuota({ ...item(tenantId), planCode: "absent" }),
    ],
  },
  {
    reason: "SUBSCRIPTION_NOT_FOUND",
    code: "NOT_FOUND",
    numbers: ["tenant_id"],
    details: [],
    provoke: (app) => [() => app.subscriptions.getSubscription({ tenantId: noTenant })],
  },
  {
    reason: "IDEMPOTENCY_KEY_REUSED",
    code: "ALREADY_EXISTS",
    numbers: ["event_id", "idempotency_key"],
    details: [],
    provoke: (app, tenantId) => [
      () => app.quota.recordUsage({ ...item(tenantId), amount: 2n, idempotencyKey: "taken" }),
    ],
  },
  {
    reason: "PLAN_EXISTS",
    code: "ALREADY_EXISTS",
    numbers: ["plan_code", "revision"],
    details: [],
    provoke: (app) => [() => app.plans.createPlan({ plan: { code: planCode } })],
  },
  {
    reason: "REVISION_MISMATCH",
    code: "ABORTED",
    numbers: ["plan_code", "revision_sent", "revision_stored"],
    details: [],
    provoke: (app) => [() => app.plans.updatePlan({ plan: { code: planCode, revision: 9n } })],
  },
  {
    reason: "COUNTER_OVERFLOW",
    code: "OUT_OF_RANGE",
    numbers: ["current", "max", "metric_code", "requested"],
    details: [],
    provoke: (app, tenantId) => [
      () => app.quota.recordUsage({ ...item(tenantId), metricCode: "free", amount: amountMax }),
      () => app.quota.checkQuota({ ...item(tenantId), metricCode: "free", amount: amountMax }),
    ],
  },
  {
    reason: "API_KEY_NOT_FOUND",
    code: "NOT_FOUND",
    numbers: ["api_key_id"],
    details: [],
    provoke: (app) => [() => app.apiKeys.revokeApiKey({ id: noTenant })],
  },
];

/** Provoked by breaking the service or its database, in error-table.wire.test.ts where no other file is named. */
export const elsewhere: readonly (keyof typeof ErrorReason)[] = [
  "OVERLOADED",
  "DRAINING",
  "INTERNAL",
  "DATABASE_UNAVAILABLE", // database-loss.wire.test.ts
  "OUTCOME_UNKNOWN", // outcome-unknown.wire.test.ts
  // Of callers who must show a credential: test/access/
  "CREDENTIAL_MISSING",
  "CREDENTIAL_INVALID",
  "ROLE_NOT_ALLOWED",
  "TENANT_MISMATCH",
  "PLAN_CODE_NOT_ALLOWED",
  "CALLER_THROTTLED",
];
