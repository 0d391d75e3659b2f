import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { EventOrder } from "../../gen/quota/v1/usage_pb.ts";
import { aTenant } from "../support/builders.ts";
import { refusalOfCall } from "../support/grpc-client.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { newPlan, subscribe, unlimited } from "./fixtures.ts";
import { epochMs, idsOf, readPages, record } from "./usage-steps.ts";

type ListRequest = Parameters<TestApp["quota"]["listEvents"]>[0];

const { UNSPECIFIED, NEWEST_FIRST, OLDEST_FIRST } = EventOrder;
const tokenLengthMax = 2_048;
const dayMs = 24 * 60 * 60 * 1_000;
const tenantId = aTenant();
const neighbour = aTenant();
const noon = epochMs("2026-03-10T12:00:00.000Z");

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
  await app.setClock(noon);
  // Two of everything that has pages, so that each list has a token.
  const planCodes = [await newPlan(app, unlimited("calls"), unlimited("bytes")), await newPlan(app)];
  for (const owner of [tenantId, neighbour]) {
    await subscribe(app, owner, planCodes[0] ?? "");
    for (const metricCode of ["calls", "calls", "bytes", "bytes", "calls"]) {
      await record(app, { tenantId: owner, metricCode });
      await app.subscriptions.putLimitOverride({ override: { tenantId: owner, metricCode, limit: 100n } });
    }
  }
});

afterAll(async () => {
  await app.stop();
});

afterEach(() => {
  vi.useRealTimers();
});

async function tokenOf(request: ListRequest, server = app): Promise<string> {
  const { nextPageToken } = await server.quota.listEvents({ pageSize: 1, ...request });
  expect(nextPageToken).not.toBe("");
  return nextPageToken;
}

async function expectInvalid(call: Promise<unknown>, what: string): Promise<void> {
  const { code, reason, badRequest } = await refusalOfCall(call);
  expect({ code, reason, fields: badRequest?.fieldViolations.map(({ field }) => field) }, what).toEqual({
    code: "INVALID_ARGUMENT",
    reason: "PAGE_TOKEN_INVALID",
    fields: ["page_token"],
  });
}

describe("a page token that was tampered with", () => {
  it("R16: is refused with any one of its characters altered", async () => {
    const token = await tokenOf({ tenantId });
    expect(token.length).toBeLessThanOrEqual(tokenLengthMax);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    await Promise.all(
      Array.from(token, async (character, index) => {
        // The neighbour in the alphabet differs in the last bit alone, which base64 may leave unused.
        const altered = alphabet[alphabet.indexOf(character) ^ 1] ?? "A";
        const pageToken = token.slice(0, index) + altered + token.slice(index + 1);
        await expectInvalid(app.quota.listEvents({ tenantId, pageToken }), `character ${index}`);
      }),
    );
  });

  it("R16: is refused when it is cut anywhere, or has more than was issued", async () => {
    const token = await tokenOf({ tenantId });
    const cut = Array.from({ length: token.length - 1 }, (_, index) => token.slice(0, index + 1));
    const longer = ["A", "=", ".", ".A", " ", "\n", "\u0000"].flatMap((more) => [token + more, more + token]);
    await Promise.all(
      [...cut, ...longer].map((pageToken) => expectInvalid(app.quota.listEvents({ tenantId, pageToken }), pageToken)),
    );
  });

  it("R16: is refused with the content of one token and the signature of another", async () => {
    const [first, second] = [await tokenOf({ tenantId }), await tokenOf({ tenantId: neighbour })];
    const [content] = first.split(".");
    const [, signature] = second.split(".");
    await expectInvalid(app.quota.listEvents({ tenantId, pageToken: `${content}.${signature}` }), "mixed");
  });

  it.each([
    ["text", "not a token"],
    ["a point", "."],
    ["points", "..."],
    ["JSON in base64url", Buffer.from('{"version":1}').toString("base64url")],
    ["a signature alone", `.${"A".repeat(43)}`],
    ["content alone", `${Buffer.from("{}").toString("base64url")}.`],
    ["letters beyond ASCII", "é".repeat(40)],
    ["a signature beyond ASCII, of the right length", `e30.${"é".repeat(43)}`],
    ["a signature of emoji, of the right length", `e30.${"😀".repeat(21)}A`],
    ["U+0000", "\u0000"],
    ["as many characters as are allowed", "A".repeat(tokenLengthMax)],
    ["one character too many", "A".repeat(tokenLengthMax + 1)],
    ["nearly all that a request may hold", "A".repeat(60_000)],
  ])("R16: is refused when it is %s", async (_, pageToken) => {
    await expectInvalid(app.quota.listEvents({ tenantId, pageToken }), pageToken.slice(0, 60));
  });
});

describe("a page token of another list", () => {
  const own: ListRequest = { tenantId, metricCode: "calls", order: OLDEST_FIRST };
  const from = timestampFromMs(noon - 1_000);
  const before = timestampFromMs(noon + 1_000);

  it.each<[string, ListRequest, ListRequest]>([
    ["tenant", own, { ...own, tenantId: neighbour }],
    ["metric", own, { ...own, metricCode: "bytes" }],
    ["filter: all metrics", own, { tenantId, order: OLDEST_FIRST }],
    ["filter: one metric", { tenantId, order: OLDEST_FIRST }, own],
    ["filter: a beginning", own, { ...own, createdFrom: from }],
    [
      "filter: a beginning a millisecond later",
      { ...own, createdFrom: from },
      { ...own, createdFrom: timestampFromMs(noon - 999) },
    ],
    ["filter: an end", own, { ...own, createdBefore: before }],
    ["filter: an end for a beginning", { ...own, createdBefore: before }, { ...own, createdFrom: before }],
    ["order", own, { ...own, order: NEWEST_FIRST }],
    ["order: the default one", own, { ...own, order: UNSPECIFIED }],
  ])("R16: is refused for another %s", async (_, issuedFor, usedFor) => {
    const pageToken = await tokenOf(issuedFor);
    await expectInvalid(app.quota.listEvents({ ...usedFor, pageToken }), "foreign");
    expect((await app.quota.listEvents({ ...issuedFor, pageToken })).events).not.toHaveLength(0);
  });

  it("R16: is refused by every other RPC that has pages", async () => {
    const lists: Record<string, (page: { pageSize: number; pageToken: string }) => Promise<{ nextPageToken: string }>> =
      {
        events: (page) => app.quota.listEvents({ tenantId, ...page }),
        plans: (page) => app.plans.listPlans(page),
        subscriptions: (page) => app.subscriptions.listSubscriptions(page),
        overrides: (page) => app.subscriptions.listLimitOverrides({ tenantId, ...page }),
      };
    for (const [issuer, list] of Object.entries(lists)) {
      const { nextPageToken } = await list({ pageSize: 1, pageToken: "" });
      expect(nextPageToken, issuer).not.toBe("");
      await list({ pageSize: 1, pageToken: nextPageToken });
      for (const [user, useIn] of Object.entries(lists).filter(([name]) => name !== issuer)) {
        await expectInvalid(useIn({ pageSize: 1, pageToken: nextPageToken }), `${issuer} in ${user}`);
      }
    }
  });
});

describe("a page token that is good", () => {
  it("R16: is the same for the order that is meant by none", async () => {
    const pageToken = await tokenOf({ tenantId, order: UNSPECIFIED });
    expect((await app.quota.listEvents({ tenantId, order: NEWEST_FIRST, pageToken })).events).toHaveLength(4);
  });

  it("R16: allows another page size on every page, and may be used again", async () => {
    const pageToken = await tokenOf({ tenantId });
    const all = idsOf((await readPages(app, { tenantId })).flat());
    for (const pageSize of [0, 1, 3, 1_000, 1]) {
      const { events } = await app.quota.listEvents({ tenantId, pageSize, pageToken });
      expect(idsOf(events)).toEqual(all.slice(1, pageSize === 0 ? undefined : 1 + pageSize));
    }
  });

  it("R16: holds for 24 hours from its own page, and not a millisecond longer", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const first = await tokenOf({ tenantId });
    app.advancePageTokenClock(dayMs);
    const { nextPageToken: second } = await app.quota.listEvents({ tenantId, pageSize: 1, pageToken: first });
    app.advancePageTokenClock(1);
    await expectInvalid(app.quota.listEvents({ tenantId, pageToken: first }), "24 hours and a millisecond old");
    app.advancePageTokenClock(dayMs - 1);
    expect((await app.quota.listEvents({ tenantId, pageToken: second })).events).toHaveLength(3);
    app.advancePageTokenClock(1);
    await expectInvalid(app.quota.listEvents({ tenantId, pageToken: second }), "24 hours and a millisecond old");
    app.advancePageTokenClock(-2 * dayMs - 1);
  });

  it("R16: works at another process on the same database, and after a restart, but on no other database", async () => {
    const pageToken = await tokenOf({ tenantId });
    const expected = await app.quota.listEvents({ tenantId, pageToken });
    const second = await startTestApp({ database: app.database });
    expect(await second.quota.listEvents({ tenantId, pageToken })).toEqual(expected);
    const fromSecond = await tokenOf({ tenantId }, second);
    await second.stop();
    expect(await app.quota.listEvents({ tenantId, pageToken: fromSecond })).toEqual(expected);
    const restarted = await startTestApp({ database: app.database });
    expect(await restarted.quota.listEvents({ tenantId, pageToken: fromSecond })).toEqual(expected);
    await restarted.stop();

    const stranger = await startTestApp();
    await expectInvalid(stranger.quota.listEvents({ tenantId, pageToken }), "of another database");
    await stranger.stop();
  });
});
