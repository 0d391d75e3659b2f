import { statusAfter } from "../../src/domain/quota-status.ts";
import type { UsageEvent } from "../../src/domain/usage-event.ts";
import type { UsageReceipt } from "../../src/services/usage-outcome.ts";
import { metadata, metricCode, planCode, tenantId } from "../environment/tenants.ts";

const event: UsageEvent = {
  id: "019a4b4e-5d2a-7c3e-9b1f-2a6d8e0c4f11",
  tenantId: tenantId(1),
  metricCode,
  amount: 1n,
  metadata: JSON.stringify(metadata),
  createdAt: Date.UTC(2026, 10, 24, 12),
  idempotencyKey: "3f0c7a52-9d41-4a8e-b6f3-5e2d1c0b9a87",
  sequence: 48_213n,
  usageAfter: 48_213n,
  limit: 10n ** 15n,
  enforcement: "HARD",
  limitSource: "SUBSCRIBED_PLAN",
  planCode,
  periodKind: "MONTH",
  periodStart: Date.UTC(2026, 10),
  periodEnd: Date.UTC(2026, 11),
};

/** What RecordUsage answers, with every field that a real answer has. */
export const sampleReceipt: UsageReceipt = { event, status: statusAfter(event), overLimit: false, replayed: false };
