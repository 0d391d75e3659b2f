import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  GetUsageSeriesRequestSchema,
  ListChangesRequestSchema,
  ListRefusalsRequestSchema,
  ListTenantsNearLimitRequestSchema,
  ListUsageEventsRequestSchema,
  ListUsageRecordsRequestSchema,
  SeriesWindow,
  UsageRecordOrder,
} from "../../gen/quota/v1/admin_service_pb.ts";
import { ControlObjectKind } from "../../gen/quota/v1/control_change_pb.ts";
import { EventOrder } from "../../gen/quota/v1/usage_pb.ts";
import { usageSeriesQuestionOf } from "../../src/api/validation/admin/get-usage-series-request.ts";
import { changeQuestionOf } from "../../src/api/validation/admin/list-changes-request.ts";
import { refusalQuestionOf } from "../../src/api/validation/admin/list-refusals-request.ts";
import { nearLimitQuestionOf } from "../../src/api/validation/admin/list-tenants-near-limit-request.ts";
import { tenantsEventQuestionOf } from "../../src/api/validation/admin/list-usage-events-request.ts";
import { usageRecordQuestionOf } from "../../src/api/validation/admin/list-usage-records-request.ts";
import { dayMs, hourMs } from "../support/builders.ts";
import { unknownEnum } from "./unknown-enum.ts";
import { violatedFields, violationsOf } from "./violations.ts";

const tenantId = "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e";
const nilId = "00000000-0000-0000-0000-000000000000";
const page = { size: 100, token: "" };
const [early, late] = [timestampFromMs(5_000), timestampFromMs(6_000)];

describe("a ListUsageRecords request", () => {
  const ask = (fields: MessageInitShape<typeof ListUsageRecordsRequestSchema>) =>
    usageRecordQuestionOf(create(ListUsageRecordsRequestSchema, fields));

  it("asks for the newest 100 of all when it says nothing", () => {
    expect(ask({})).toEqual({ filter: { order: "NEWEST_FIRST" }, page });
  });

  it("hands on what it says, the tenant in lower case", () => {
    const question = ask({
      tenantId: tenantId.toUpperCase(),
      metricCode: "api.calls",
      periodEndFrom: early,
      periodEndBefore: late,
      createdFrom: early,
      createdBefore: late,
      order: UsageRecordOrder.USAGE_HIGHEST_FIRST,
      pageSize: 2_000,
      pageToken: "t",
    });
    const bounds = { periodEndFrom: 5_000, periodEndBefore: 6_000, createdFrom: 5_000, createdBefore: 6_000 };
    expect(question).toEqual({
      filter: { tenantId, metricCode: "api.calls", ...bounds, order: "USAGE_HIGHEST_FIRST" },
      page: { size: 1_000, token: "t" },
    });
  });

  it("is told every bad field at once", () => {
    const bad = {
      tenantId: "",
      metricCode: "",
      periodEndFrom: late,
      periodEndBefore: early,
      createdFrom: late,
      createdBefore: late,
      order: unknownEnum(7),
      pageSize: -1,
    };
    expect(violatedFields(() => ask(bad))).toEqual([
      "tenant_id",
      "metric_code",
      "period_end_before",
      "created_before",
      "order",
      "page_size",
    ]);
    expect(violatedFields(() => ask({ tenantId: nilId, createdFrom: { seconds: -1n, nanos: 0 } }))).toEqual([
      "tenant_id",
      "created_from",
    ]);
  });
});

describe("a ListUsageEvents request", () => {
  const ask = (fields: MessageInitShape<typeof ListUsageEventsRequestSchema>) =>
    tenantsEventQuestionOf(create(ListUsageEventsRequestSchema, fields));

  it("asks for the newest 100 of all tenants when it says nothing", () => {
    expect(ask({})).toEqual({ filter: { order: "NEWEST_FIRST" }, page });
  });

  it("hands on what it says", () => {
    const said = { metricCode: "m", createdFrom: early, createdBefore: late, order: EventOrder.OLDEST_FIRST };
    expect(ask({ tenantId, ...said, pageSize: 7 })).toEqual({
      filter: { tenantId, metricCode: "m", createdFrom: 5_000, createdBefore: 6_000, order: "OLDEST_FIRST" },
      page: { size: 7, token: "" },
    });
  });

  it("is told every bad field at once", () => {
    const bad = { tenantId: "x", metricCode: "X", createdFrom: late, createdBefore: early, order: unknownEnum(3) };
    expect(violatedFields(() => ask({ ...bad, pageSize: -1 }))).toEqual([
      "tenant_id",
      "metric_code",
      "created_before",
      "order",
      "page_size",
    ]);
  });
});

describe("a ListRefusals request", () => {
  const ask = (fields: MessageInitShape<typeof ListRefusalsRequestSchema>) =>
    refusalQuestionOf(create(ListRefusalsRequestSchema, fields));

  it("asks for all when it says nothing, and hands on what it says", () => {
    expect(ask({})).toEqual({ filter: {}, page });
    expect(ask({ tenantId, metricCode: "m", hourFrom: early, hourBefore: late }).filter).toEqual({
      tenantId,
      metricCode: "m",
      hourFrom: 5_000,
      hourBefore: 6_000,
    });
  });

  it("is told every bad field at once", () => {
    const bad = { tenantId: "", metricCode: "", hourFrom: late, hourBefore: late, pageSize: -1 };
    expect(violatedFields(() => ask(bad))).toEqual(["tenant_id", "metric_code", "hour_before", "page_size"]);
  });
});

describe("a ListTenantsNearLimit request", () => {
  const ask = (fields: MessageInitShape<typeof ListTenantsNearLimitRequestSchema>) =>
    nearLimitQuestionOf(create(ListTenantsNearLimitRequestSchema, fields));

  it("asks for all metrics from 80 percent on when it says nothing", () => {
    expect(ask({})).toEqual({ filter: { minPercentUsed: 80 }, page });
  });

  it.each([0, 1_000])("takes %i percent as it is sent", (minPercentUsed) => {
    expect(ask({ metricCode: "m", minPercentUsed }).filter).toEqual({ metricCode: "m", minPercentUsed });
  });

  it.each([-1, 1_001])("is refused with %i percent, and told every bad field at once", (minPercentUsed) => {
    expect(violationsOf(() => ask({ metricCode: "", minPercentUsed, pageSize: -2 }))).toEqual([
      expect.stringMatching(/^metric_code is empty/),
      `min_percent_used ${minPercentUsed} is outside of 0 to 1000`,
      expect.stringMatching(/^page_size -2/),
    ]);
  });
});

describe("a GetUsageSeries request", () => {
  const whole = { tenantId, metricCode: "m", createdFrom: timestampFromMs(0), createdBefore: timestampFromMs(dayMs) };
  const ask = (fields: MessageInitShape<typeof GetUsageSeriesRequestSchema>) =>
    usageSeriesQuestionOf(create(GetUsageSeriesRequestSchema, { ...whole, ...fields }));

  it("asks for days in UTC when it does not say which", () => {
    expect(ask({})).toEqual({ key: { tenantId, metricCode: "m" }, windows: [{ start: 0, end: dayMs }] });
  });

  it("asks for the windows of its zone", () => {
    const { windows } = ask({ window: SeriesWindow.WEEK, timeZone: "europe/berlin" });
    expect(windows).toEqual([{ start: -3 * dayMs - hourMs, end: 4 * dayMs - hourMs }]);
  });

  it("asks for the window of an instant when both bounds lie within one millisecond", () => {
    const bounds = { createdFrom: { seconds: 1n, nanos: 1 }, createdBefore: { seconds: 1n, nanos: 2 } };
    expect(ask({ window: SeriesWindow.HOUR, ...bounds }).windows).toEqual([{ start: 0, end: hourMs }]);
  });

  it("may have a thousand windows, and not one more", () => {
    const upTo = (ms: number) => ({ window: SeriesWindow.HOUR, createdBefore: timestampFromMs(ms) });
    expect(ask(upTo(1_000 * hourMs)).windows).toHaveLength(1_000);
    expect(violationsOf(() => ask(upTo(1_000 * hourMs + 1)))).toEqual([
      "created_before is more than 1000 windows (HOUR) after created_from",
    ]);
  });

  it("is told every bad field at once", () => {
    const empty = create(GetUsageSeriesRequestSchema, { window: unknownEnum(9), timeZone: "+02:00" });
    expect(violatedFields(() => usageSeriesQuestionOf(empty))).toEqual([
      "tenant_id",
      "metric_code",
      "window",
      "time_zone",
      "created_from",
      "created_before",
    ]);
    expect(violatedFields(() => ask({ createdFrom: late, createdBefore: late, timeZone: "x" }))).toEqual([
      "time_zone",
      "created_before",
    ]);
  });
});

describe("a ListChanges request", () => {
  const ask = (fields: MessageInitShape<typeof ListChangesRequestSchema>) =>
    changeQuestionOf(create(ListChangesRequestSchema, fields));

  it("asks for the newest of all when it says nothing", () => {
    expect(ask({})).toEqual({ filter: { order: "NEWEST_FIRST" }, page });
  });

  it("hands on what it says, ids in lower case", () => {
    const said = {
      objectKind: ControlObjectKind.LIMIT_OVERRIDE,
      objectId: `${tenantId}/m`,
      order: EventOrder.OLDEST_FIRST,
    };
    const ids = { tenantId: tenantId.toUpperCase(), actorKeyId: tenantId.toUpperCase() };
    expect(ask({ ...said, ...ids, createdFrom: early, createdBefore: late }).filter).toEqual({
      objectKind: "LIMIT_OVERRIDE",
      objectId: `${tenantId}/m`,
      tenantId,
      actorKeyId: tenantId,
      createdFrom: 5_000,
      createdBefore: 6_000,
      order: "OLDEST_FIRST",
    });
  });

  it("is told every bad field at once", () => {
    const bad = {
      objectKind: unknownEnum(9),
      objectId: "",
      tenantId: "",
      actorKeyId: nilId,
      createdFrom: late,
      createdBefore: early,
      order: unknownEnum(9),
      pageSize: -1,
    };
    expect(violatedFields(() => ask(bad))).toEqual([
      "object_kind",
      "object_id",
      "tenant_id",
      "actor_key_id",
      "created_before",
      "order",
      "page_size",
    ]);
    expect(violatedFields(() => ask({ objectId: "x".repeat(141) }))).toEqual(["object_id"]);
    expect(violatedFields(() => ask({ objectId: "x".repeat(140) }))).toEqual([]);
  });
});
