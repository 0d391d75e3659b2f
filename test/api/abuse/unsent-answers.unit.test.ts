import { beforeEach, describe, expect, it } from "vitest";
import { UnsentAnswers } from "../../../src/api/abuse/unsent-answers.ts";
import { CallerThrottledError } from "../../../src/domain/errors/access-errors.ts";
import type { Principal } from "../../../src/domain/principal.ts";

const mebibyte = 1024 * 1024;
const service: Principal = { role: "SERVICE", name: "back end", keyId: "service" };
const nobody: Principal = { name: "nobody" };
const tenant = (keyId: string): Principal => ({ role: "TENANT", name: "tenant", tenantId: "a", keyId });
const on = (connection: string) => ({ connection });

let unsent: UnsentAnswers;
let closed: string[];

beforeEach(() => {
  closed = [];
  unsent = new UnsentAnswers((connection) => closed.push(connection));
});

describe("a connection", () => {
  it("that leaves 8 MiB of answers unread is refused further calls, until it has taken one", () => {
    const taken = Array.from({ length: 8 }, () => unsent.add("10.0.0.1:1", mebibyte, service));
    unsent.requireRoom(on("10.0.0.1:1"), service);
    unsent.add("10.0.0.1:1", 1, service);
    expect(() => unsent.requireRoom(on("10.0.0.1:1"), service)).toThrow(CallerThrottledError);
    unsent.requireRoom(on("10.0.0.1:2"), service);
    taken[0]?.();
    unsent.requireRoom(on("10.0.0.1:1"), service);
  });

  it("has nothing waiting when every answer was taken, each of which counts once", () => {
    const first = unsent.add("10.0.0.1:1", 10, service);
    const second = unsent.add("10.0.0.1:1", 20, tenant("x"));
    unsent.add("10.0.0.1:1", 0, service)();
    expect(unsent.waitingOn("10.0.0.1:1")).toBe(30);
    first();
    first();
    expect(unsent.waitingOn("10.0.0.1:1")).toBe(20);
    second();
    expect([unsent.waitingOn("10.0.0.1:1"), unsent.bytes]).toEqual([0, 0]);
  });

  it("is not asked for its name while nothing waits anywhere", () => {
    const caller = {
      get connection(): string {
        throw new Error("the name costs more than the question");
      },
    };
    const taken = unsent.add("10.0.0.1:1", 1, service);
    expect(() => unsent.requireRoom(caller, service)).toThrow("the name costs");
    taken();
    unsent.requireRoom(caller, service);
  });
});

describe("a tenant's credential", () => {
  it("is refused beyond 16 MiB on all its connections, and nobody else is", () => {
    for (let page = 0; page < 16; page += 1) unsent.add(`10.0.0.1:${page}`, mebibyte, tenant("greedy"));
    unsent.requireRoom(on("10.0.0.1:99"), tenant("greedy"));
    const taken = unsent.add("10.0.0.1:16", 1, tenant("greedy"));
    expect(() => unsent.requireRoom(on("10.0.0.1:99"), tenant("greedy"))).toThrow(CallerThrottledError);
    for (const other of [tenant("modest"), service, nobody]) unsent.requireRoom(on("10.0.0.1:99"), other);
    taken();
    unsent.requireRoom(on("10.0.0.1:99"), tenant("greedy"));
    expect(closed).toEqual([]);
  });
});

describe("beyond 128 MiB of all", () => {
  it("the largest connections of the worst holder are closed, and nobody is refused", () => {
    unsent.add("10.0.0.9:1", 7 * mebibyte, service);
    for (let port = 0; port < 20; port += 1) unsent.add(`10.0.0.1:${port}`, 6 * mebibyte, tenant("greedy"));
    expect(closed).toEqual([]);
    const taken = unsent.add("10.0.0.1:7", 2 * mebibyte, tenant("greedy"));
    expect(closed).toEqual(["10.0.0.1:7"]);
    expect(unsent.bytes).toBe((7 + 19 * 6) * mebibyte);
    // What its calls report when they end has been counted off.
    taken();
    expect(unsent.bytes).toBe((7 + 19 * 6) * mebibyte);
    unsent.requireRoom(on("10.0.0.9:1"), service);
  });

  it("it is the network that holds, when nobody has a credential", () => {
    unsent.add("[not the worst] 10.0.0.9:1", 7 * mebibyte, nobody);
    for (let port = 0; port < 41; port += 1) unsent.add(`2001:db8::${port}:9 > ::1:1`, 3 * mebibyte, nobody);
    expect(closed).toHaveLength(1);
    expect(closed[0]).toMatch(/^2001:db8::/);
  });
});
