import type { ApiKey } from "../domain/api-key.ts";
import type { ControlChangeContent, ControlObjectKind, ControlSnapshot } from "../domain/control-change.ts";
import { apiKeySnapshot, overrideSnapshot, planSnapshot, subscriptionSnapshot } from "../domain/control-snapshots.ts";
import type { LimitOverride } from "../domain/limit-override.ts";
import type { Plan } from "../domain/plan.ts";
import type { Subscription } from "../domain/subscription.ts";

/** An object before and after; absent when it did not exist. */
interface Versions<T> {
  readonly before?: T | undefined;
  readonly after?: T | undefined;
}

export function planEntry({ before, after }: Versions<Plan>): ControlChangeContent {
  return entry("PLAN", before?.code ?? after?.code, before && planSnapshot(before), after && planSnapshot(after));
}

export function subscriptionEntry({ before, after }: Versions<Subscription>): ControlChangeContent {
  const tenantId = before?.tenantId ?? after?.tenantId;
  return {
    ...entry("SUBSCRIPTION", tenantId, before && subscriptionSnapshot(before), after && subscriptionSnapshot(after)),
    ...(tenantId === undefined ? {} : { tenantId }),
  };
}

export function overrideEntry({ before, after }: Versions<LimitOverride>): ControlChangeContent {
  const override = before ?? after;
  const objectId = override && `${override.tenantId}/${override.metricCode}`;
  return {
    ...entry("LIMIT_OVERRIDE", objectId, before && overrideSnapshot(before), after && overrideSnapshot(after)),
    ...(override === undefined ? {} : { tenantId: override.tenantId }),
  };
}

/** @param before absent when the key is created; otherwise it is revoked, which is all that happens to a key */
export function apiKeyEntry({
  before,
  after,
}: {
  readonly before?: ApiKey;
  readonly after: ApiKey;
}): ControlChangeContent {
  const { id, tenantId } = after;
  return {
    operation: before === undefined ? "CREATE" : "REVOKE",
    objectKind: "API_KEY",
    objectId: id,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(before === undefined ? {} : { before: apiKeySnapshot(before) }),
    after: apiKeySnapshot(after),
  };
}

function entry(
  objectKind: ControlObjectKind,
  objectId: string | undefined,
  before: ControlSnapshot | undefined,
  after: ControlSnapshot | undefined,
): ControlChangeContent {
  if (objectId === undefined) throw new Error("a change has an object before or after it");
  return {
    operation: before === undefined ? "CREATE" : after === undefined ? "DELETE" : "UPDATE",
    objectKind,
    objectId,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}
