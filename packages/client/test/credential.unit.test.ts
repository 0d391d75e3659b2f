import { afterEach, expect, it, vi } from "vitest";
import { QuotaUnavailableError } from "../src/errors.ts";
import { QuotaClient } from "../src/quota-client.ts";
import { allows, errorOf, fails, scripted } from "./scripted-transport.ts";

const use = { metricCode: "tracked_products", amount: 1 };

afterEach(() => void vi.useRealTimers());

it("no credential sends no header", async () => {
  const transport = scripted(allows);
  await new QuotaClient({ transport }).check(use);
  expect(transport.sent[0]?.options.headers).toEqual({});
});

it("a credential goes with every call", async () => {
  const transport = scripted(allows);
  await new QuotaClient({ transport, credential: "quota_abc" }).check(use);
  expect(transport.sent[0]?.options.headers).toEqual({ authorization: "Bearer quota_abc" });
});

it("a function is asked before every attempt", async () => {
  const transport = scripted(fails("UNAVAILABLE"), allows);
  let asked = 0;
  const credential = () => Promise.resolve(`token-${++asked}`);
  await new QuotaClient({ transport, credential }).check(use);
  expect(transport.sent.map(({ options }) => options.headers["authorization"])).toEqual([
    "Bearer token-1",
    "Bearer token-2",
  ]);
});

it.each(["", "two words", "line\nbreak", "naïve"])(
  "a credential %j is refused, without its text",
  async (credential) => {
    const transport = scripted(allows);
    const error = await errorOf(new QuotaClient({ transport, credential }).check(use));
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", attempts: 0 });
    const told = `${error} ${(error as Error).cause}`;
    expect(told).toContain("printable ASCII without spaces");
    if (credential !== "") expect(told).not.toContain(credential);
    expect(transport.sent).toHaveLength(0);
  },
);

it("a failing function fails the call, and is no unavailable service", async () => {
  const credential = () => Promise.reject(new Error("vault sealed"));
  const error = await errorOf(new QuotaClient({ transport: scripted(allows), credential }).record(use));
  expect(error).not.toBeInstanceOf(QuotaUnavailableError);
  expect(error).toMatchObject({ code: "UNAUTHENTICATED", cause: new Error("vault sealed"), mayBeRecorded: false });
});

it("a function that fails before a second attempt does not hide that the first may be recorded", async () => {
  let asked = 0;
  const credential = () => (++asked === 1 ? "first" : Promise.reject(new Error("vault sealed")));
  const error = await errorOf(new QuotaClient({ transport: scripted(fails("UNAVAILABLE")), credential }).record(use));
  expect(error).toMatchObject({ code: "UNAUTHENTICATED", attempts: 1, mayBeRecorded: true });
});

it("a function that never answers is bound by the deadline", async () => {
  vi.useFakeTimers();
  const credential = () => new Promise<string>(() => undefined);
  const client = new QuotaClient({ transport: scripted(allows), credential });
  const late = errorOf(client.check(use, { deadlineMs: 200 }));
  await vi.advanceTimersByTimeAsync(200);
  expect(await late).toMatchObject({ code: "DEADLINE_EXCEEDED", attempts: 0 });
});
