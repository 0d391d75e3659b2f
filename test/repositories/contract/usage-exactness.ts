import { beforeEach, describe, expect, it } from "vitest";
import { amountMax, counterMax, metadataBytesMax } from "../../../src/domain/bounds.ts";
import { canonicalJson, type JsonValue } from "../../../src/domain/canonical-json.ts";
import { limitEnforcements } from "../../../src/domain/limit-enforcement.ts";
import { limitSources } from "../../../src/domain/limit-source.ts";
import { checkMetadata } from "../../../src/domain/metadata.ts";
import { lifetimeEndMs, lifetimeStartMs } from "../../../src/domain/period.ts";
import type { UsageEvent } from "../../../src/domain/usage-event.ts";
import {
  aMoment,
  aRefusal,
  aUsage,
  hourMs,
  moreUsage,
  newUsage,
  type Usage,
  usageChanges,
} from "../../support/builders.ts";
import { allEvents, question, write } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

/** What is stored comes back exactly: no rounding, no reordering, no field more or less. */
export function describeUsageExactness(storage: CurrentStorage): void {
  beforeEach(async () => {
    await storage().setClock(aMoment);
  });

  /** By every way in which a usage is read: a replay compares what the unit of work finds under the key. */
  async function expectRoundTrip(usage: Usage): Promise<void> {
    await write(storage(), newUsage(usage));
    const { tenantId } = usage.record;
    expect(await allEvents(storage(), tenantId)).toStrictEqual(usage.events);
    expect(await storage().usage.listByTenantAndMetric(usage.record)).toStrictEqual([usage.record]);
    const keyed = usage.events.filter((event) => event.idempotencyKey !== undefined);
    const idempotencyKeys = keyed.map(({ idempotencyKey = "" }) => ({ tenantId, idempotencyKey }));
    const [locked, basis] = await storage().usageUnitOfWork.run([tenantId], async (ledger) => [
      await ledger.lockOpenRecords([usage.record]),
      await ledger.readDecisionBasis(question({ tenantIds: [tenantId], idempotencyKeys })),
    ]);
    expect(locked.records).toStrictEqual([usage.record]);
    expect(basis.keyedEvents).toStrictEqual(keyed);
  }

  describe("an event comes back exactly", () => {
    it("with every field set", async () => {
      const fields = {
        amount: 12n,
        metadata: '{"customer":"c-1"}',
        idempotencyKey: "order-1",
        limit: 1_000n,
        planCode: "starter",
        requestedPlanCode: "trial.2026-a_b",
      };
      await expectRoundTrip(aUsage({}, fields));
    });

    it("without the fields that it does not have, rather than with undefined ones", async () => {
      const usage = aUsage({}, { limit: null });
      await expectRoundTrip(usage);
      const [event] = await allEvents(storage(), usage.record.tenantId);
      expect(Object.keys(event ?? {})).not.toContain("idempotencyKey");
      expect(Object.keys(event ?? {})).not.toContain("requestedPlanCode");
      expect(event?.limit).toBeNull();
    });

    it.each(limitEnforcements.flatMap((enforcement) => limitSources.map((source) => [enforcement, source] as const)))(
      "with enforcement %s and limit source %s",
      async (enforcement, limitSource) => {
        await expectRoundTrip(aUsage({}, { enforcement, limitSource }));
      },
    );

    it("with the longest idempotency key, of every printable character", async () => {
      const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join("");
      await expectRoundTrip(aUsage({}, { idempotencyKey: (printable + printable).slice(0, 128) }));
    });

    it.each([0, 1, 7, 123, 999])("with a time of %i ms past the second", async (ms) => {
      await expectRoundTrip(aUsage({}, { createdAt: Date.UTC(2026, 2, 10, 12, 0, 0, ms) }));
    });

    it("in the LIFETIME period, from 1970 to 9999", async () => {
      const bounds = { periodStart: lifetimeStartMs, periodEnd: lifetimeEndMs };
      await expectRoundTrip(aUsage({ periodKind: "LIFETIME", ...bounds }, { createdAt: aMoment }));
      await expectRoundTrip(aUsage({ periodKind: "LIFETIME", ...bounds }, { createdAt: lifetimeStartMs }));
      await expectRoundTrip(aUsage({ periodKind: "LIFETIME", ...bounds }, { createdAt: lifetimeEndMs - 1 }));
    });
  });

  describe("numbers come back exactly", () => {
    it("when the largest amounts fill the largest counter", async () => {
      const amounts = [...Array.from({ length: 9 }, () => amountMax), counterMax - 9n * amountMax];
      const limit = counterMax;
      let usage = aUsage({}, { amount: amountMax, limit });
      const events: [UsageEvent, ...UsageEvent[]] = [...usage.events];
      for (const amount of amounts.slice(1)) {
        usage = moreUsage(usage.record, { amount, limit });
        events.push(...usage.events);
      }
      expect(usage.record.currentUsage).toBe(2n ** 53n - 1n);
      await expectRoundTrip({ record: usage.record, events });
    });

    it("when they are the smallest: amount 1, limit 0", async () => {
      await expectRoundTrip(aUsage({}, { amount: 1n, limit: 0n, enforcement: "SOFT" }));
    });

    it("when ordinal and sequence are beyond 32 bits", async () => {
      const { record, events } = aUsage({ ordinal: 2n ** 40n });
      const sequence = 2n ** 41n;
      await expectRoundTrip({ record: { ...record, lastSequence: sequence }, events: [{ ...events[0], sequence }] });
    });
  });

  describe("metadata comes back as the same canonical text", () => {
    const deepest: JsonValue = { a: { b: { c: { d: { e: { f: { g: { h: "the eighth level" } } } } } } } };
    const samples: readonly [string, { [key: string]: JsonValue }][] = [
      ["empty", {}],
      ["nested to the last level", deepest],
      ["of every type", { text: "", none: null, yes: true, no: false, list: [1, [2, []], {}], object: { a: [null] } }],
      ["with keys that a database may sort otherwise", { b: 1, aa: 2, a: 3, B: 4, _: 5, "": 6, "10": 7, "9": 8, é: 9 }],
      ["with keys beyond the basic plane, sorted by code unit", { "\u{1f600}": 1, "\ufb01": 2, z: 3 }],
      ["in other scripts", { ключ: "значение", 鍵: "値", emoji: "👩‍👩‍👧 \u{1f3f4}", combining: "e\u0301 \u00e9" }],
      ["with characters that need escaping", { text: "\" \\ / \b \f \n \r \t \u0001 \u007f \u2028 \u2029 <&>'" }],
      ["with numbers of every size", { n: [0, -1, 0.1, 1.5e-7, 5e-324, 1e21, 1.7976931348623157e308, 2 ** 53 - 1] }],
      ["with numbers written in another way", { n: [1e2, 1.1, 1e-7, 123456789.12345679, -1e-10, 1e100] }],
      ["with a key that objects treat specially", JSON.parse('{"__proto__":{"a":1},"constructor":2}')],
      ["of the largest size", { text: "ü".repeat((metadataBytesMax - '{"text":""}'.length - 1) / 2) }],
    ];

    it.each(samples)("%s", async (_, metadata) => {
      const canonical = canonicalJson(metadata);
      expect(checkMetadata(metadata)).toEqual({ canonical });
      const usage = aUsage({}, { metadata: canonical, idempotencyKey: "order-1" });
      await expectRoundTrip(usage);
    });
  });

  describe("refusals", () => {
    it("are kept with their numbers exactly", async () => {
      const refusal = aRefusal({ count: 3n, lastLimit: counterMax, lastCurrent: counterMax, lastAmount: amountMax });
      await write(storage(), usageChanges({ refusals: [refusal] }));
      expect(await storage().readRefusals(refusal.tenantId)).toStrictEqual([refusal]);
    });

    it("are added up within an hour and keep the numbers of the last", async () => {
      const first = aRefusal({ count: 2n });
      const numbers = { lastLimit: 7n, lastCurrent: 5n, lastAmount: 9n, lastRefusedAt: first.lastRefusedAt + 1 };
      const second = { ...first, ...numbers, count: 3n };
      const third = { ...second, count: 1n, lastAmount: 4n };
      for (const refusal of [first, second, third]) await write(storage(), usageChanges({ refusals: [refusal] }));
      expect(await storage().readRefusals(first.tenantId)).toStrictEqual([{ ...third, count: 6n }]);
    });

    it("are counted apart by hour, metric and tenant", async () => {
      const first = aRefusal();
      const nextHour = { ...first, hour: first.hour + hourMs, lastRefusedAt: first.lastRefusedAt + hourMs };
      const otherMetric = aRefusal({ tenantId: first.tenantId });
      const otherTenant = aRefusal({ metricCode: first.metricCode });
      await write(storage(), usageChanges({ refusals: [first, nextHour, otherMetric, otherTenant] }));
      await write(storage(), usageChanges({ refusals: [first] }));
      const stored = await storage().readRefusals(first.tenantId);
      expect(stored).toHaveLength(3);
      expect(stored).toEqual(expect.arrayContaining([{ ...first, count: 2n }, nextHour, otherMetric]));
      expect(await storage().readRefusals(otherTenant.tenantId)).toEqual([otherTenant]);
    });

    it("add up exactly when they are counted at the same time", async () => {
      const refusal = aRefusal();
      const changes = usageChanges({ refusals: [refusal] });
      await Promise.all(Array.from({ length: 10 }, () => write(storage(), changes)));
      expect(await storage().readRefusals(refusal.tenantId)).toEqual([{ ...refusal, count: 10n }]);
    });

    it("leave counters and events alone", async () => {
      const usage = aUsage();
      const { tenantId, metricCode } = usage.record;
      await write(storage(), newUsage(usage));
      await write(storage(), usageChanges({ refusals: [aRefusal({ tenantId, metricCode })] }));
      expect(await storage().usage.listByTenantAndMetric(usage.record)).toEqual([usage.record]);
      expect(await allEvents(storage(), tenantId)).toEqual(usage.events);
    });
  });
}
