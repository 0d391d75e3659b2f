import fc from "fast-check";
import { expect, it } from "vitest";
import { counterKeyText, counterLineKeyText } from "../../src/domain/counter-key.ts";
import { byCounter, byTenantThen } from "../../src/infrastructure/database/usage/in-order.ts";

/** Few, so that they often meet; some begin like others. */
const tenantId = fc.constantFrom("0a000000-0000-4000-8000-000000000000", "0b000000-0000-4000-8000-000000000000");
const metricCode = fc.constantFrom("a", "a-b", "a.b", "a_b", "a0", "b", "ab");
const counters = fc.array(fc.record({ tenantId, metricCode }));

it("counters are in the order of their key texts, which earlier versions lock in", () => {
  fc.assert(
    fc.property(counters, (keys) => {
      const inOrder = keys.toSorted(byCounter).map(counterKeyText);
      expect(inOrder).toEqual(keys.map(counterKeyText).toSorted());
    }),
  );
});

it("so are lines of counters", () => {
  const lines = fc.array(fc.record({ tenantId, metricCode, periodKind: fc.constantFrom("DAY", "HOUR", "MONTH") }));
  fc.assert(
    fc.property(lines, (keys) => {
      const inOrder = keys.toSorted(byTenantThen((key) => `${key.metricCode} ${key.periodKind}`));
      expect(inOrder.map(counterLineKeyText)).toEqual(keys.map(counterLineKeyText).toSorted());
    }),
  );
});

it("what is of one tenant and text stays in the order in which it came", () => {
  const [one, other] = ["0a000000-0000-4000-8000-000000000000", "0b000000-0000-4000-8000-000000000000"];
  const items = [
    { tenantId: other, key: "", n: 1 },
    { tenantId: one, key: "k", n: 2 },
    { tenantId: one, key: "", n: 3 },
    { tenantId: other, key: "", n: 4 },
    { tenantId: one, key: "", n: 5 },
  ];
  const inOrder = items.toSorted(byTenantThen(({ key }) => key));
  expect(inOrder.map(({ n }) => n)).toEqual([3, 5, 2, 1, 4]);
});
