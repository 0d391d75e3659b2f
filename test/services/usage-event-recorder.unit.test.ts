import { expect, it } from "vitest";
import { IdempotencyKeyReusedError } from "../../src/domain/errors/idempotency-key-reused-error.ts";
import { periodAt } from "../../src/domain/period-calendar.ts";
import type { UsageChanges, UsageLedger, UsageUnitOfWork } from "../../src/repositories/usage-unit-of-work.ts";
import { UsageEventRecorder } from "../../src/services/usage-event-recorder.ts";
import { aMoment, aTenant, aUsageEvent } from "../support/builders.ts";

it("promise 5: a batch that would answer an attempt with another metric's event writes nothing", async () => {
  const tenantId = aTenant();
  const written: UsageChanges[] = [];
  const keyed = aUsageEvent({ tenantId, metricCode: "mine", amount: 1n, metadata: "{}", idempotencyKey: "k" });
  let looks = 0;
  // Answers as itself while it is compared with the attempt, and as another metric's event ever after.
  const crossed = Object.defineProperty({ ...keyed }, "metricCode", {
    enumerable: true,
    get: () => (looks++ < 1 ? "mine" : "theirs"),
  });
  const ledger: UsageLedger = {
    lockOpenRecords: async () => ({ now: keyed.createdAt, records: [] }),
    readDecisionBasis: async () => ({
      limits: { subscriptions: new Map(), overrides: new Map(), plans: new Map() },
      keyedEvents: [crossed],
    }),
    readPredecessors: async () => [],
    write: async (changes) => void written.push(changes),
  };
  const unitOfWork: UsageUnitOfWork = { run: (_tenantIds, work) => work(ledger), findBlocked: async () => [] };
  const recorder = new UsageEventRecorder(unitOfWork, { list: async () => [] }, { random: () => 0n, periodAt });
  const attempt = { tenantId, metricCode: "mine", amount: 1n, metadata: "{}", idempotencyKey: "k" };
  await expect(recorder.record([attempt])).rejects.toThrow("another tenant or metric");
  expect(written).toEqual([]);
});

it("R13: of two attempts with one key in a batch the second replays the first, and one of other content is refused", async () => {
  const tenantId = aTenant();
  const written: UsageChanges[] = [];
  const limit = { metricCode: "mine", limit: 10n, enforcement: "HARD", periodKind: "LIFETIME" } as const;
  const plan = { code: "starter", limits: new Map([["mine", limit]]) };
  const ledger: UsageLedger = {
    lockOpenRecords: async () => ({ now: aMoment, records: [] }),
    readDecisionBasis: async () => ({
      limits: {
        subscriptions: new Map([[tenantId, { planCode: plan.code, timeZone: "UTC" }]]),
        overrides: new Map(),
        plans: new Map([[plan.code, plan]]),
      },
      keyedEvents: [],
    }),
    readPredecessors: async (keys) => keys.map((key) => ({ ...key, lastOrdinal: 0n, openRecords: 0 })),
    write: async (changes) => void written.push(changes),
  };
  const unitOfWork: UsageUnitOfWork = { run: (_tenantIds, work) => work(ledger), findBlocked: async () => [] };
  const recorder = new UsageEventRecorder(unitOfWork, { list: async () => [] }, { random: () => 0n, periodAt });
  const attempt = { tenantId, metricCode: "mine", amount: 1n, metadata: "{}", idempotencyKey: "k" };
  const [first, second, other] = await recorder.record([attempt, { ...attempt }, { ...attempt, amount: 2n }]);
  expect(first?.receipt?.replayed).toBe(false);
  expect(second?.receipt).toEqual({ ...first?.receipt, replayed: true });
  expect(other?.error).toBeInstanceOf(IdempotencyKeyReusedError);
  expect(written.map(({ events }) => events.length)).toEqual([1]);
});
