import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { UsageRecordOrder } from "../../../gen/quota/v1/admin_service_pb.ts";
import { ControlObjectKind } from "../../../gen/quota/v1/control_change_pb.ts";
import { EventOrder } from "../../../gen/quota/v1/usage_pb.ts";
import { problemsOf } from "../src/components/filter-bar.tsx";
import { changeFilters, changeKinds, changesRequest } from "../src/pages/changes-request.ts";
import { eventFilters, eventsRequest } from "../src/pages/events-request.ts";
import { recordFilters, recordOrders, recordsRequest } from "../src/pages/records-request.ts";
import { sampleTenant } from "./sample-event.ts";

const from = "2026-11-01T00:00:00.000Z";
const before = "2026-12-01T00:00:00.000Z";
const instants = { createdFrom: timestampFromDate(new Date(from)), createdBefore: timestampFromDate(new Date(before)) };
const byNumber = (a: number, b: number) => a - b;

describe("what an address asks of the service", () => {
  it("is the whole list where it names nothing, with filters absent and not empty", () => {
    expect(recordsRequest({})).toEqual({ order: UsageRecordOrder.NEWEST_FIRST, pageSize: 50, pageToken: "" });
    expect(eventsRequest({ tenant: "", metric: "" })).toEqual({ order: EventOrder.NEWEST_FIRST });
    expect(changesRequest({})).toEqual({
      objectKind: ControlObjectKind.UNSPECIFIED,
      order: EventOrder.NEWEST_FIRST,
      pageSize: 50,
      pageToken: "",
    });
  });

  it("holds every filter of usage records", () => {
    const filters = {
      tenant: sampleTenant,
      metric: "api_calls",
      "ends-from": from,
      "ends-before": before,
      from,
      before,
    };
    expect(recordsRequest({ ...filters, order: "usage-highest", size: "250", page: "token" })).toEqual({
      tenantId: sampleTenant,
      metricCode: "api_calls",
      periodEndFrom: instants.createdFrom,
      periodEndBefore: instants.createdBefore,
      ...instants,
      order: UsageRecordOrder.USAGE_HIGHEST_FIRST,
      pageSize: 250,
      pageToken: "token",
    });
    expect(problemsOf(recordFilters, filters)).toEqual({});
  });

  it("holds every filter of usage events", () => {
    const parameters = { tenant: sampleTenant, metric: "api_calls", from, before, order: "oldest" };
    expect(eventsRequest(parameters)).toEqual({
      tenantId: sampleTenant,
      metricCode: "api_calls",
      ...instants,
      order: EventOrder.OLDEST_FIRST,
    });
    expect(problemsOf(eventFilters, parameters)).toEqual({});
  });

  it("holds every filter of changes", () => {
    const object = `${sampleTenant}/api_calls`;
    const parameters = { kind: "override", object, tenant: sampleTenant, actor: sampleTenant, from, before };
    expect(changesRequest(parameters)).toMatchObject({
      objectKind: ControlObjectKind.LIMIT_OVERRIDE,
      objectId: object,
      tenantId: sampleTenant,
      actorKeyId: sampleTenant,
      ...instants,
    });
    expect(problemsOf(changeFilters, parameters)).toEqual({});
  });

  it("can name every order and every kind of the contract", () => {
    const orders = Object.values(UsageRecordOrder).filter((order) => order !== UsageRecordOrder.UNSPECIFIED);
    expect(Object.values(recordOrders).sort(byNumber)).toEqual(orders.sort(byNumber));
    const kinds = Object.values(ControlObjectKind).filter((kind) => kind !== ControlObjectKind.UNSPECIFIED);
    expect(Object.values(changeKinds).sort(byNumber)).toEqual(kinds.sort(byNumber));
  });

  it("falls back where the address names an order or a page size that does not exist", () => {
    expect(recordsRequest({ order: "sideways", size: "1000000" })).toMatchObject({
      order: UsageRecordOrder.NEWEST_FIRST,
      pageSize: 50,
    });
  });
});

describe("a filter that cannot be meant", () => {
  it.each([
    ["tenant", "42", "Not a UUID"],
    ["tenant", "00000000-0000-0000-0000-000000000000", "nil UUID"],
    ["metric", "API calls", "Not a metric code"],
    ["from", "yesterday", "Not an instant"],
    ["order", "sideways", "none of the choices"],
  ])("is refused before the service is asked: %s=%s", (name, text, complaint) => {
    expect(problemsOf(eventFilters, { [name]: text })[name]).toContain(complaint);
  });
});
