import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  CheckQuotaRequestSchema,
  GetStatusRequestSchema,
  ListEventsRequestSchema,
  RecordUsageRequestSchema,
} from "../../gen/quota/v1/quota_service_pb.ts";
import type { EventOrder } from "../../gen/quota/v1/usage_pb.ts";
import { aCode, aTenant } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import {
  amounts,
  bounds,
  codes,
  type FieldBounds,
  instants,
  pageSizes,
  proveBounds,
  tenants,
  violationsOf,
} from "./field-bounds.ts";
import { noon, reasonOf, tenantOn, unlimited } from "./fixtures.ts";

type RecordInit = MessageInitShape<typeof RecordUsageRequestSchema>;
type CheckInit = MessageInitShape<typeof CheckQuotaRequestSchema>;
type StatusInit = MessageInitShape<typeof GetStatusRequestSchema>;
type EventsInit = MessageInitShape<typeof ListEventsRequestSchema>;

/** Each value stands alone in a request that is good otherwise. */
describe("bounds of QuotaService", () => {
  let app: TestApp;
  let tenantId: string;

  beforeAll(async () => {
    app = await startTestApp();
    await app.setClock(noon);
    ({ tenantId } = await tenantOn(app, unlimited("items")));
  });

  afterAll(async () => {
    await app.stop();
  });

  const record = (fields: RecordInit) =>
    app.quota.recordUsage({ tenantId, metricCode: "items", amount: 1n, ...fields });
  const check = (fields: CheckInit) => app.quota.checkQuota({ tenantId, metricCode: "items", amount: 1n, ...fields });
  const status = (fields: StatusInit) => app.quota.getStatus({ tenantId, ...fields });
  const events = (fields: EventsInit) => app.quota.listEvents({ tenantId, ...fields });
  const keys = {
    good: ["k", " ", "~", "order 4711", "x".repeat(128), aCode("key")],
    bad: ["", "x".repeat(129), "x".repeat(30_000), "\u00e9", "\u007f", "a\n", "a\tb", "\u0000", "\u{1f511}"],
  };

  it.each<FieldBounds<RecordInit>>([
    bounds("tenant_id", tenants, (value) => ({ tenantId: value })),
    bounds("metric_code", codes, (value) => ({ metricCode: value })),
    bounds("amount", amounts, (value) => ({ amount: value })),
    bounds("idempotency_key", keys, (value) => ({ idempotencyKey: value })),
    bounds("plan_code", codes, (value) => ({ planCode: value })),
  ])("bounds: RecordUsage takes $field at its bounds and refuses it beyond", async (row) => {
    await proveBounds(record, row);
  });

  it.each<FieldBounds<CheckInit>>([
    bounds("tenant_id", tenants, (value) => ({ tenantId: value })),
    bounds("metric_code", codes, (value) => ({ metricCode: value })),
    bounds("amount", amounts, (value) => ({ amount: value })),
    bounds("plan_code", codes, (value) => ({ planCode: value })),
  ])("bounds: CheckQuota takes $field at its bounds and refuses it beyond", async (row) => {
    await proveBounds(check, row);
  });

  it.each<FieldBounds<StatusInit>>([
    bounds("tenant_id", tenants, (value) => ({ tenantId: value })),
    bounds("metric_codes[1]", codes, (value) => ({ metricCodes: ["items", value, "items"] })),
    {
      field: "metric_codes",
      good: [{ metricCodes: [] }, { metricCodes: Array<string>(200).fill("items") }],
      bad: [{ metricCodes: Array<string>(201).fill("items") }, { metricCodes: Array<string>(2_000).fill("items") }],
    },
  ])("bounds: GetStatus takes $field at its bounds and refuses it beyond", async (row) => {
    await proveBounds(status, row);
  });

  it.each<FieldBounds<EventsInit>>([
    bounds("tenant_id", tenants, (value) => ({ tenantId: value })),
    bounds("metric_code", codes, (value) => ({ metricCode: value })),
    bounds("created_from", instants, (value) => ({ createdFrom: value })),
    bounds("created_before", instants, (value) => ({ createdBefore: value })),
    {
      field: "created_before",
      good: [{ createdFrom: { seconds: 5n, nanos: 0 }, createdBefore: { seconds: 5n, nanos: 1 } }],
      bad: [
        { createdFrom: { seconds: 5n, nanos: 7 }, createdBefore: { seconds: 5n, nanos: 7 } },
        { createdFrom: { seconds: 6n, nanos: 0 }, createdBefore: { seconds: 5n, nanos: 0 } },
      ],
    },
    bounds("order", { good: [0, 1, 2], bad: [3, -1, 2 ** 31 - 1] }, (value) => ({ order: value as EventOrder })),
    bounds("page_size", pageSizes, (value) => ({ pageSize: value })),
  ])("bounds: ListEvents takes $field at its bounds and refuses it beyond", async (row) => {
    await proveBounds(events, row);
  });

  it("bounds: keys of 1 and 128 characters are kept whole, and replay", async () => {
    for (const idempotencyKey of ["!", `${"k".repeat(127)}~`]) {
      const first = await record({ idempotencyKey });
      expect(first.event?.idempotencyKey).toBe(idempotencyKey);
      expect(await record({ idempotencyKey })).toEqual({ ...first, replayed: true });
    }
  });

  it("bounds: a tenant is the same tenant in capitals, and is answered in small letters", async () => {
    const { event } = await record({ tenantId: tenantId.toUpperCase() });
    expect(event?.tenantId).toBe(tenantId);
    const { events: listed } = await events({ tenantId: tenantId.toUpperCase(), pageSize: 1 });
    expect(listed).toEqual([event]);
  });

  it("bounds: every malformed field of a request is named at once", async () => {
    expect(
      await violationsOf(
        record({
          tenantId: "?",
          metricCode: "?",
          amount: 0n,
          metadata: { "\u0000": 1 },
          idempotencyKey: "",
          planCode: "",
        }),
      ),
    ).toEqual(["tenant_id", "metric_code", "amount", "metadata", "idempotency_key", "plan_code"]);
    expect(await violationsOf(check({ tenantId: "?", metricCode: "?", amount: -1n, planCode: "?" }))).toEqual([
      "tenant_id",
      "metric_code",
      "amount",
      "plan_code",
    ]);
    expect(await violationsOf(app.quota.recordUsage({}))).toEqual(["tenant_id", "metric_code", "amount"]);
    expect(await violationsOf(status({ tenantId: "?", metricCodes: ["a", "?", "b", ""] }))).toEqual([
      "tenant_id",
      "metric_codes[1]",
      "metric_codes[3]",
    ]);
    const instant = { seconds: -1n, nanos: 0 };
    const bad = {
      tenantId: "",
      metricCode: "",
      createdFrom: instant,
      createdBefore: instant,
      order: 9 as EventOrder,
      pageSize: -1,
    };
    expect(await violationsOf(events(bad))).toEqual([
      "tenant_id",
      "metric_code",
      "created_from",
      "created_before",
      "order",
      "page_size",
    ]);
  });

  it("bounds: of more than 20 violations the first 20 are named and all are counted", async () => {
    for (const [count, named] of [
      [20, 20],
      [21, 20],
      [200, 20],
    ] as const) {
      const { badRequest, info } = await refusalOfCall(status({ metricCodes: Array<string>(count).fill("?") }));
      expect(info?.metadata).toEqual({ violations: `${count}` });
      expect(badRequest?.fieldViolations.map((violation) => violation.field)).toEqual(
        Array.from({ length: named }, (_, index) => `metric_codes[${index}]`),
      );
    }
  });

  it("bounds: nothing was recorded by what was refused", async () => {
    const fresh = aTenant();
    await Promise.all(
      [{ amount: 0n }, { metricCode: "" }, { idempotencyKey: "" }].map((fields) =>
        reasonOf(record({ tenantId: fresh, ...fields })),
      ),
    );
    expect((await events({ tenantId: fresh })).events).toEqual([]);
  });
});
