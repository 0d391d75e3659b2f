import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ListEventsRequestSchema } from "../../gen/quota/v1/quota_service_pb.ts";
import { EventOrder } from "../../gen/quota/v1/usage_pb.ts";
import { overridePageOf, pageOf, subscriptionPageOf } from "../../src/api/validation/control-requests.ts";
import { eventQuestionOf } from "../../src/api/validation/list-events-request.ts";
import { unknownEnum } from "./unknown-enum.ts";
import { violatedFields, violationsOf } from "./violations.ts";

type ListInit = MessageInitShape<typeof ListEventsRequestSchema>;

const tenantId = "0198a3c2-7d1e-7c4b-9a55-3f0f5b1c2d3e";
const lastSecond = 253_402_300_799n;

function list(fields: ListInit) {
  return eventQuestionOf(create(ListEventsRequestSchema, { tenantId, ...fields }));
}

describe("a ListEvents request", () => {
  it("asks for the newest 100 events of all metrics when it says nothing", () => {
    expect(list({})).toEqual({ filter: { tenantId, order: "NEWEST_FIRST" }, page: { size: 100, token: "" } });
  });

  it("hands on what it says", () => {
    const question = list({
      metricCode: "api.calls",
      createdFrom: { seconds: 5n, nanos: 0 },
      createdBefore: { seconds: 6n, nanos: 0 },
      order: EventOrder.OLDEST_FIRST,
      pageSize: 7,
      pageToken: "token",
    });
    expect(question).toEqual({
      filter: {
        tenantId,
        metricCode: "api.calls",
        createdFrom: 5_000,
        createdBefore: 6_000,
        order: "OLDEST_FIRST",
      },
      page: { size: 7, token: "token" },
    });
  });

  it.each<[string, ListInit, string[]]>([
    ["an empty metric", { metricCode: "" }, ["metric_code"]],
    ["an order of another version", { order: unknownEnum(3) }, ["order"]],
    ["a negative order", { order: unknownEnum(-1) }, ["order"]],
    ["a negative page size", { pageSize: -1 }, ["page_size"]],
    ["a start before 1970", { createdFrom: { seconds: -1n, nanos: 999_999_999 } }, ["created_from"]],
    ["a start in 1970", { createdFrom: { seconds: 0n, nanos: 0 } }, []],
    ["a start after 9999", { createdFrom: { seconds: lastSecond + 1n, nanos: 0 } }, ["created_from"]],
    ["a start at the end of 9999", { createdFrom: { seconds: lastSecond, nanos: 999_999_999 } }, []],
    ["negative nanos", { createdBefore: { seconds: 1n, nanos: -1 } }, ["created_before"]],
    ["a second of nanos", { createdBefore: { seconds: 1n, nanos: 1_000_000_000 } }, ["created_before"]],
    [
      "an end at its start",
      { createdFrom: { seconds: 5n, nanos: 1 }, createdBefore: { seconds: 5n, nanos: 1 } },
      ["created_before"],
    ],
    [
      "an end a nanosecond after its start",
      { createdFrom: { seconds: 5n, nanos: 1 }, createdBefore: { seconds: 5n, nanos: 2 } },
      [],
    ],
    [
      "an end before its start",
      { createdFrom: { seconds: 5n, nanos: 0 }, createdBefore: { seconds: 4n, nanos: 5 } },
      ["created_before"],
    ],
  ])("with %s", (_name, fields, expected) => {
    expect(violatedFields(() => list(fields))).toEqual(expected);
  });

  it.each([
    [0, 5_000],
    [1, 5_001],
    [999_999, 5_001],
    [1_000_000, 5_001],
    [1_000_001, 5_002],
    [999_999_999, 6_000],
  ])("has a bound of 5 s and %i ns mean the events from the next whole millisecond on", (nanos, milliseconds) => {
    expect(list({ createdFrom: { seconds: 5n, nanos } }).filter.createdFrom).toBe(milliseconds);
    expect(list({ createdBefore: { seconds: 5n, nanos } }).filter.createdBefore).toBe(milliseconds);
  });

  it("never asks for an instant that cannot be stored", () => {
    const createdFrom = { seconds: lastSecond, nanos: 999_999_999 };
    expect(list({ createdFrom }).filter.createdFrom).toBe(253_402_300_799_999);
  });

  it("says which orders there are", () => {
    expect(violationsOf(() => list({ order: unknownEnum(9) }))).toEqual([
      "order is 9, which is no EventOrder; one of EVENT_ORDER_NEWEST_FIRST, EVENT_ORDER_OLDEST_FIRST is required",
    ]);
  });
});

describe("a page", () => {
  it.each([
    [0, 100],
    [1, 1],
    [100, 100],
    [1_000, 1_000],
    [1_001, 1_000],
    [2_147_483_647, 1_000],
  ])("of size %i has %i items", (sent, size) => {
    expect(pageOf({ pageSize: sent, pageToken: "" }).size).toBe(size);
  });

  it("of a negative size is refused by every list", () => {
    const page = { pageSize: -2_147_483_648, pageToken: "" };
    expect(violatedFields(() => pageOf(page))).toEqual(["page_size"]);
    expect(violatedFields(() => subscriptionPageOf({ ...page, planCode: "" }))).toEqual(["plan_code", "page_size"]);
    expect(violatedFields(() => overridePageOf({ ...page, tenantId: "" }))).toEqual(["tenant_id", "page_size"]);
  });

  it("of subscriptions and overrides may be filtered", () => {
    const page = { pageSize: 0, pageToken: "" };
    expect(subscriptionPageOf(page).filter).toEqual({});
    expect(subscriptionPageOf({ ...page, planCode: "gold" }).filter).toEqual({ planCode: "gold" });
    expect(overridePageOf(page).filter).toEqual({});
    expect(overridePageOf({ ...page, tenantId: tenantId.toUpperCase() }).filter).toEqual({ tenantId });
  });
});
