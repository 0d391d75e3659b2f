import type { JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { QuotaExceededError, QuotaServiceError } from "../src/errors.ts";
import type { ListEventsRequest, RecordUsageRequest } from "../src/gen/quota/v1/quota_service_pb.ts";
import { EventOrder } from "../src/gen/quota/v1/usage_pb.ts";
import { QuotaClient } from "../src/quota-client.ts";
import type { UndecidedUse } from "../src/when-unavailable.ts";
import { errorOf, fails, failure, records, type ScriptedTransport, type Step, scripted } from "./scripted-transport.ts";

const tenantId = "11111111-1111-4111-8111-111111111111";
const use = { tenantId, metricCode: "tracked_products", amount: 3 };
function firstRequest<T>({ sent }: ScriptedTransport): T {
  if (sent[0] === undefined) throw new Error("nothing was sent");
  return sent[0].request as T;
}

function containsItself(): object {
  const value: Record<string, unknown> = {};
  value["again"] = value;
  return value;
}

const createdAt = { seconds: 1_700_000_000n, nanos: 5_000_000 };

describe("a record", () => {
  it("is sent as it was given", async () => {
    const transport = scripted(records);
    const metadata = { source: "import", rows: [1, 2.5, null, { deep: true }] };
    await new QuotaClient({ transport }).record({ ...use, metadata, planCode: "pro", idempotencyKey: "k" });
    expect(transport.sent[0]).toMatchObject({
      method: "RecordUsage",
      request: { tenantId, metricCode: "tracked_products", amount: 3n, metadata, planCode: "pro", idempotencyKey: "k" },
    });
  });

  it("leaves out what was not given, and sends an empty key for the service to refuse", async () => {
    const transport = scripted(records);
    await new QuotaClient({ transport }).record({ metricCode: "m", amount: 1n, idempotencyKey: "" });
    const request = firstRequest<RecordUsageRequest>(transport);
    expect(request).toMatchObject({ tenantId: "", idempotencyKey: "" });
    expect(request.planCode).toBeUndefined();
    expect(request.metadata).toBeUndefined();
  });

  it("sends what was handed over, whatever becomes of the caller's objects while it waits", async () => {
    const metadata = { rows: [{ id: 1 }], text: "first" };
    const [input, row] = [{ ...use, metadata }, metadata.rows[0]];
    const [kept, sent]: [UndecidedUse[], string[]] = [[], []];
    const transport = scripted(({ request }) => {
      sent.push(JSON.stringify((request as RecordUsageRequest).metadata));
      // As a caller does that fills one object again and again.
      Object.assign(input, { amount: 99, metricCode: "other" });
      metadata.text = "second";
      if (row !== undefined) row.id = 2;
      throw failure("UNAVAILABLE");
    });
    const client = new QuotaClient({
      transport,
      whenUnavailable: { record: "admit" },
      keepUndecided: (undecided) => void kept.push(undecided),
    });
    await client.record(input);
    expect(sent).toHaveLength(4);
    expect(new Set(sent)).toEqual(new Set(['{"rows":[{"id":1}],"text":"first"}']));
    expect(kept).toMatchObject([{ input: { ...use, metadata: { rows: [{ id: 1 }], text: "first" } } }]);
  });

  it.each([[1n], [10n ** 15n], [2n ** 62n], [0], [-4]])(
    "takes the amount %s, which the service judges",
    async (amount) => {
      const transport = scripted(records);
      await new QuotaClient({ transport }).record({ ...use, amount });
      expect(firstRequest<RecordUsageRequest>(transport).amount).toBe(BigInt(amount));
    },
  );

  it.each([[1.5], [Number.NaN], [Number.POSITIVE_INFINITY], [2 ** 53], [2n ** 63n]])(
    "does not send the amount %s",
    async (amount) => {
      const transport = scripted(records);
      expect(await errorOf(new QuotaClient({ transport }).record({ ...use, amount }))).toEqual(
        new RangeError(`amount is ${amount}; a whole number from 1 to 1000000000000000 is allowed`),
      );
      expect(transport.sent).toHaveLength(0);
    },
  );

  it.each([
    ["metadata.n is NaN; numbers must be finite", { n: Number.NaN }],
    ["metadata.list[1] is no JSON value", { list: [1, 2n] }],
    ["metadata.at is no JSON value", { at: new Date() }],
    ["metadata.gone is no JSON value", { gone: undefined }],
    ["is deeper than 100 levels", containsItself()],
  ])("does not send metadata when %s", async (complaint, metadata) => {
    const transport = scripted(records);
    const error = await errorOf(new QuotaClient({ transport }).record({ ...use, metadata: metadata as JsonObject }));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(complaint);
    expect(transport.sent).toHaveLength(0);
  });

  it("comes back in the caller's types", async () => {
    const { event, status } = await new QuotaClient({ transport: scripted(records) }).record(use);
    expect(event).toMatchObject({ amount: 3n, createdAt: new Date(1_700_000_000_005), metadata: {}, sequence: 1n });
    expect(status).toMatchObject({ current: 3n, limit: 100n, remaining: 97n });
  });
});

describe("names of a newer service", () => {
  it("are UNKNOWN instead of a number", async () => {
    const transport = scripted(() => ({
      event: { createdAt, enforcement: 77, limitSource: 0, periodKind: 4 },
      status: {},
    }));
    const { event } = await new QuotaClient({ transport }).record(use);
    expect(event).toMatchObject({ enforcement: "UNKNOWN", limitSource: "UNKNOWN", periodKind: "MONTH" });
  });

  it("are passed on where they are reasons", async () => {
    const step = fails("FAILED_PRECONDITION", { reason: "TENANT_FROZEN" });
    expect(await errorOf(new QuotaClient({ transport: scripted(step) }).record(use))).toMatchObject({
      reason: "TENANT_FROZEN",
      mayBeRecorded: false,
    });
  });
});

describe("errors", () => {
  it("name every bad field", async () => {
    const violations = [
      { field: "amount", description: "must be at least 1" },
      { field: "metric_code", description: "is required" },
    ];
    const step = fails("INVALID_ARGUMENT", { reason: "INVALID_REQUEST", violations, metadata: { violations: "2" } });
    expect(await errorOf(new QuotaClient({ transport: scripted(step) }).record(use))).toMatchObject({
      reason: "INVALID_REQUEST",
      violations,
      metadata: { violations: "2" },
    });
  });

  it("have no reason when it is another's", async () => {
    const step = fails("RESOURCE_EXHAUSTED", { reason: "QUOTA_EXCEEDED", domain: "proxy.example" });
    const error = await errorOf(new QuotaClient({ transport: scripted(step) }).record(use));
    expect(error).not.toBeInstanceOf(QuotaExceededError);
    expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: undefined, metadata: {} });
  });

  it("stay refusals when their numbers cannot be read", async () => {
    const step = fails("RESOURCE_EXHAUSTED", { reason: "QUOTA_EXCEEDED", metadata: { limit: "many" } });
    const error = await errorOf(new QuotaClient({ transport: scripted(step) }).record(use));
    expect(error).toBeInstanceOf(QuotaServiceError);
    expect(error).toMatchObject({ reason: "QUOTA_EXCEEDED", mayBeRecorded: false });
    expect(String((error as Error).cause)).toContain('limit = "many"');
  });
});

describe("events", () => {
  const page = (ids: readonly string[], nextPageToken: string): Step => {
    return () => ({ events: ids.map((id) => ({ id, createdAt })), nextPageToken });
  };

  it("come from every page, each asked for with the token of the one before", async () => {
    const transport = scripted(page(["a", "b"], "t1"), page([], "t2"), page(["c"], ""));
    const ids: string[] = [];
    for await (const { id } of new QuotaClient({ transport }).events({
      tenantId,
      pageSize: 2,
      order: "oldest-first",
    })) {
      ids.push(id);
    }
    expect(ids).toEqual(["a", "b", "c"]);
    const requests = transport.sent.map(({ request }) => request as ListEventsRequest);
    expect(requests.map(({ pageToken }) => pageToken)).toEqual(["", "t1", "t2"]);
    expect(requests.every(({ pageSize, order }) => pageSize === 2 && order === EventOrder.OLDEST_FIRST)).toBe(true);
  });

  it("are not fetched before they are wanted", async () => {
    const transport = scripted(page(["a", "b"], "t1"), page(["c"], ""));
    for await (const { id } of new QuotaClient({ transport }).events({ tenantId })) if (id === "b") break;
    expect(transport.sent).toHaveLength(1);
  });

  it("go on behind a token, and tell the next one", async () => {
    const transport = scripted(page(["c"], "t3"), page(["d"], ""));
    const pages: [string, string | undefined][] = [];
    for await (const { events, nextPageToken } of new QuotaClient({ transport }).eventPages({ pageToken: "t2" })) {
      pages.push([events.map(({ id }) => id).join(), nextPageToken]);
    }
    expect(pages).toEqual([
      ["c", "t3"],
      ["d", undefined],
    ]);
    expect(firstRequest<ListEventsRequest>(transport).pageToken).toBe("t2");
  });

  it("are filtered by metric and time", async () => {
    const transport = scripted(page([], ""));
    const filter = { metricCode: "m", createdFrom: new Date(1_500), createdBefore: new Date(2_000) };
    for await (const _ of new QuotaClient({ transport }).eventPages(filter));
    expect(transport.sent[0]?.request).toMatchObject({
      metricCode: "m",
      createdFrom: { seconds: 1n, nanos: 500_000_000 },
      createdBefore: { seconds: 2n, nanos: 0 },
    });
  });

  it("are not asked for by what cannot be sent", async () => {
    const client = new QuotaClient({ transport: scripted(page([], "")) });
    expect(await errorOf(client.events({ pageSize: 1.5 }).next())).toBeInstanceOf(TypeError);
    expect(await errorOf(client.events({ createdFrom: new Date("never") }).next())).toEqual(
      new RangeError("createdFrom is an invalid date"),
    );
  });
});

it("closing the client closes its transport", () => {
  const transport = scripted(records);
  new QuotaClient({ transport }).close();
  expect(transport.closed).toBe(true);
});
