import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { skipToken, useQuery } from "@connectrpc/connect-query";
import type { UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import { AdminService, type ListRefusalsResponse } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { type ControlChange, ControlObjectKind } from "../../../../gen/quota/v1/control_change_pb.ts";
import type { Plan } from "../../../../gen/quota/v1/plan_pb.ts";
import { PlanService } from "../../../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../../../gen/quota/v1/quota_service_pb.ts";
import type { LimitOverride, Subscription } from "../../../../gen/quota/v1/subscription_pb.ts";
import { SubscriptionService } from "../../../../gen/quota/v1/subscription_service_pb.ts";
import type { QuotaStatus } from "../../../../gen/quota/v1/usage_pb.ts";
import { isNotFound, reasonOf } from "../api/failure.ts";

/** How far back refusals are explained. */
export const refusalDays = 30;
const dayMs = 86_400_000;
const rowsMax = 1_000;
/** One that was deleted before so many others explains no refusal of these days. */
const overrideChangesMax = 100;

/** What is known of a tenant. A part that is undefined is on its way. */
export interface TenantFacts {
  /** Null for a tenant without one. */
  readonly subscription: Subscription | null | undefined;
  /** Null where neither a subscription nor a default gives one: every use is then refused with NO_PLAN. */
  readonly statuses: readonly QuotaStatus[] | null | undefined;
  readonly overrides: readonly LimitOverride[] | undefined;
  /** The changes of its overrides, the newest first. */
  readonly overrideChanges: readonly ControlChange[] | undefined;
  readonly refusals: ListRefusalsResponse | undefined;
  readonly plan: Plan | undefined;
  readonly error: ConnectError | undefined;
  readonly refetch: () => void;
}

/** Reads a tenant's facts side by side. */
export function useTenant(tenantId: string): TenantFacts {
  const [hourFrom] = useState(() => timestampFromDate(new Date(Date.now() - refusalDays * dayMs)));
  const subscription = useQuery(SubscriptionService.method.getSubscription, { tenantId });
  const status = useQuery(QuotaService.method.getStatus, { tenantId });
  const overrides = useQuery(SubscriptionService.method.listLimitOverrides, { tenantId, pageSize: rowsMax });
  const overrideChanges = useQuery(AdminService.method.listChanges, {
    tenantId,
    objectKind: ControlObjectKind.LIMIT_OVERRIDE,
    pageSize: overrideChangesMax,
  });
  const refusals = useQuery(AdminService.method.listRefusals, { tenantId, hourFrom, pageSize: rowsMax });

  const hasNoSubscription = subscription.error !== null && isNotFound(subscription.error);
  const hasNoPlan = status.error !== null && reasonOf(status.error) === "NO_PLAN";
  const planCode = subscription.data?.subscription?.planCode ?? status.data?.metrics[0]?.planCode;
  const plan = useQuery(PlanService.method.getPlan, planCode === undefined ? skipToken : { code: planCode });

  const queries: readonly UseQueryResult<unknown, ConnectError>[] = [
    subscription,
    status,
    overrides,
    overrideChanges,
    refusals,
    plan,
  ];
  const errors = [
    hasNoSubscription ? null : subscription.error,
    hasNoPlan ? null : status.error,
    overrides.error,
    overrideChanges.error,
    refusals.error,
    plan.error,
  ];
  return {
    subscription: hasNoSubscription ? null : subscription.data?.subscription,
    statuses: hasNoPlan ? null : status.data?.metrics,
    overrides: overrides.data?.overrides,
    overrideChanges: overrideChanges.data?.changes,
    refusals: refusals.data,
    plan: plan.data?.plan,
    error: errors.find((error) => error !== null) ?? undefined,
    refetch: () => {
      for (const query of queries) if (query.isError) void query.refetch();
    },
  };
}
