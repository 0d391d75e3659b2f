import { expect, it } from "vitest";
import { CallerBounds } from "../../../src/api/abuse/caller-bounds.ts";
import { CallerThrottledError } from "../../../src/domain/errors/access-errors.ts";
import type { Principal } from "../../../src/domain/principal.ts";
import { aTenant } from "../../support/builders.ts";

const service: Principal = { role: "SERVICE", keyId: "key-1", name: "billing" };
const tenantKey = (keyId: string): Principal => ({ role: "TENANT", tenantId: aTenant(), keyId, name: "a tenant" });

let now = 0;

function bounds() {
  now = 0;
  const tenant = { callsPerSecondMax: 3, callsInFlightMax: 2 };
  const other = { callsPerSecondMax: 10, callsInFlightMax: 5 };
  return new CallerBounds({ tenant, other }, () => now);
}

/** How many of the calls are let in; each has ended before the next when they follow one another. */
function admitted(callers: CallerBounds, principal: Principal, calls: number, options: { leave: boolean }): number {
  let count = 0;
  for (let call = 0; call < calls; call += 1) {
    try {
      callers.enter(principal);
      count += 1;
      if (options.leave) callers.leave(principal);
    } catch (error) {
      expect(error).toBeInstanceOf(CallerThrottledError);
    }
  }
  return count;
}

it("lets as many calls in at once as one credential may have in flight, and more as they end", () => {
  const callers = bounds();
  expect(admitted(callers, service, 9, { leave: false })).toBe(5);
  expect(() => callers.enter(service)).toThrow("this credential has 5 calls in flight, as many as one may have");
  callers.leave(service);
  expect(admitted(callers, service, 9, { leave: false })).toBe(1);
});

it("lets as many calls in a second as the rate says, and as many more with each part of a second", () => {
  const callers = bounds();
  expect(admitted(callers, service, 25, { leave: true })).toBe(10);
  expect(() => callers.enter(service)).toThrow("this credential makes more than 10 calls a second");
  now += 500;
  expect(admitted(callers, service, 25, { leave: true })).toBe(5);
  now += 60_000;
  expect(admitted(callers, service, 25, { leave: true })).toBe(10);
});

it("does not count what it refuses", () => {
  const callers = bounds();
  admitted(callers, service, 1_000, { leave: true });
  now += 1_000;
  expect(admitted(callers, service, 25, { leave: true })).toBe(10);
});

it("has bounds of their own for tenants' credentials, and counts each credential for itself", () => {
  const callers = bounds();
  expect(admitted(callers, tenantKey("a"), 9, { leave: true })).toBe(3);
  expect(admitted(callers, tenantKey("b"), 9, { leave: false })).toBe(2);
  expect(admitted(callers, service, 9, { leave: false })).toBe(5);
});

it("tells apart who has no key of ours", () => {
  const callers = bounds();
  const [one, other] = [aTenant(), aTenant()];
  const of = (tenantId: string): Principal => ({ role: "TENANT", tenantId, name: "token" });
  expect(admitted(callers, of(one), 9, { leave: false })).toBe(2);
  expect(admitted(callers, of(other), 9, { leave: false })).toBe(2);
});

it("remembers who calls, and forgets the idle when ten thousand are remembered", () => {
  const callers = bounds();
  expect(admitted(callers, service, 25, { leave: true })).toBe(10);
  const busy = tenantKey("busy");
  callers.enter(busy);
  for (let n = 0; n < 10_000; n += 1) admitted(callers, tenantKey(`key ${n}`), 1, { leave: true });
  expect(admitted(callers, service, 1, { leave: true })).toBe(0);
  expect(admitted(callers, busy, 9, { leave: false })).toBe(1);
});
