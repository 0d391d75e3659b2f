import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { expect } from "vitest";
import type { PeriodKind, QuotaStatus } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import type { TestApp } from "../support/test-app.ts";
import { hard, newPlan, subscribe } from "./fixtures.ts";
import { epochMs } from "./usage-steps.ts";

export const metricCode = "calls";

/** Where the periods of a subscription begin; UTC and the calendar unless given. */
export interface Schedule {
  readonly timeZone?: string;
  /** RFC 3339. */
  readonly anchor?: string;
}

/** Puts the tenant on the plan with this schedule, whatever it had before. */
export async function putSchedule(app: TestApp, tenantId: string, planCode: string, schedule: Schedule): Promise<void> {
  const { timeZone = "", anchor } = schedule;
  await subscribe(app, tenantId, planCode, {
    timeZone,
    ...(anchor === undefined ? {} : { anchor: timestampFromMs(epochMs(anchor)) }),
  });
}

/** A new tenant on a new plan of one metric. */
export async function tenantWith(app: TestApp, kind: PeriodKind, schedule: Schedule): Promise<string> {
  const tenantId = aTenant();
  await putSchedule(app, tenantId, await newPlan(app, hard(metricCode, 1_000n, kind)), schedule);
  return tenantId;
}

/**
 * Uses one unit at the instant and tells where it was counted: `start/end #n`, the n-th of the period. Both reads must
 * say the same of the period before the use and after it, and the counter must hold n.
 */
export async function useAt(app: TestApp, tenantId: string, instant: string): Promise<string> {
  await app.setClock(epochMs(instant));
  const before = await readBoth(app, tenantId);
  const { event, status } = await app.quota.recordUsage({ tenantId, metricCode, amount: 1n });
  if (event === undefined || status === undefined) throw new Error("RecordUsage answered less than event and status");
  expect(periodOf(before)).toBe(periodOf(event));
  expect(before.current).toBe(event.usageAfter - 1n);
  expect(status).toEqual(await readBoth(app, tenantId));
  expect(periodOf(status)).toBe(periodOf(event));
  expect(status.current).toBe(event.usageAfter);
  expect(event.usageAfter).toBe(event.sequence);
  expect(event.createdAt).toEqual(timestampFromMs(epochMs(instant)));
  return `${periodOf(event)} #${event.sequence}`;
}

/** What the reads say at the instant, without using anything. */
export async function lookAt(app: TestApp, tenantId: string, instant: string): Promise<string> {
  await app.setClock(epochMs(instant));
  const status = await readBoth(app, tenantId);
  return `${periodOf(status)} =${status.current}`;
}

/** The status that CheckQuota and GetStatus agree on. */
async function readBoth(app: TestApp, tenantId: string): Promise<QuotaStatus> {
  const { status } = await app.quota.checkQuota({ tenantId, metricCode, amount: 1n });
  const { metrics } = await app.quota.getStatus({ tenantId, metricCodes: [metricCode] });
  if (status === undefined) throw new Error("CheckQuota answered without a status");
  expect(metrics).toEqual([status]);
  return status;
}

function periodOf(fields: {
  readonly periodStart?: Timestamp | undefined;
  readonly periodEnd?: Timestamp | undefined;
}) {
  return `${shortOf(fields.periodStart)}/${shortOf(fields.periodEnd)}`;
}

/** RFC 3339 in UTC without digits that are zero: `2026-03-29T22:00Z`. */
function shortOf(instant: Timestamp | undefined): string {
  if (instant === undefined) return "unset";
  return Temporal.Instant.fromEpochMilliseconds(timestampMs(instant)).toString().replace(":00Z", "Z");
}
