import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { PlanSchema } from "../../gen/quota/v1/plan_pb.ts";
import { LimitEnforcement, PeriodKind } from "../../gen/quota/v1/usage_pb.ts";
import { aCode, minuteMs } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import {
  hard,
  isoOf,
  newPlan,
  numbersOf,
  planInit,
  reasonOf,
  refusalIn,
  refused,
  soft,
  unlimited,
} from "./fixtures.ts";
import { query } from "./stored-rows.ts";

type PlanInit = MessageInitShape<typeof PlanSchema>;

describe("repeated and concurrent calls about plans", () => {
  const start = Date.UTC(2027, 2, 10, 12);
  let app: TestApp;
  let other: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
    other = await startTestApp({ database: app.database });
  });

  beforeEach(async () => {
    await app.setClock(start);
  });

  afterAll(async () => {
    await other.stop();
    await app.stop();
  });

  const read = async (code: string) => (await app.plans.getPlan({ code })).plan;
  const create = async (plan: PlanInit, at = app) => (await at.plans.createPlan({ plan })).plan;
  const update = async (plan: PlanInit, at = app) => (await at.plans.updatePlan({ plan })).plan;

  it("R17: creating an identical plan again changes nothing and answers the stored one", async () => {
    const code = aCode("plan");
    const plan = {
      code,
      displayName: "Größe",
      limits: [soft("b", 2n, PeriodKind.MONTH), hard("a", 1n, PeriodKind.DAY), unlimited("c", PeriodKind.LIFETIME)],
    };
    const first = await create(plan);
    expect(first).toMatchObject({ code, displayName: "Größe", revision: 1n, isDefault: false });
    expect(first?.limits.map((limit) => limit.metricCode)).toEqual(["a", "b", "c"]);
    expect([isoOf(first?.createdAt), isoOf(first?.updatedAt)]).toEqual(Array(2).fill(new Date(start).toISOString()));

    await app.setClock(start + minuteMs);
    const [b, a, c] = plan.limits;
    for (const repeat of [
      plan,
      { ...plan, limits: [c, a, b].flatMap((limit) => limit ?? []) },
      { ...plan, limits: [{ ...b, periodKind: PeriodKind.UNSPECIFIED }, { ...a }, { ...c }] },
      { ...plan, revision: 77n, createdAt: timestampFromMs(0), updatedAt: timestampFromMs(0) },
    ]) {
      expect(await create(repeat, other)).toEqual(first);
    }
    expect(await read(code)).toEqual(first);
  });

  it.each<[string, PlanInit]>([
    ["another display name", { displayName: "B" }],
    ["a limit more", { limits: [hard("items", 5n), hard("others", 5n)] }],
    ["a limit less", { limits: [] }],
    ["another limit", { limits: [hard("items", 6n)] }],
    ["another enforcement", { limits: [soft("items", 5n)] }],
    ["another kind", { limits: [hard("items", 5n, PeriodKind.DAY)] }],
    ["no limit at all", { limits: [unlimited("items")] }],
    ["the default", { isDefault: true }],
  ])("R17: creating a plan of the same code with %s is PLAN_EXISTS, and changes nothing", async (_, fields) => {
    const code = aCode("plan");
    const plan = { code, displayName: "A", limits: [hard("items", 5n)] };
    const first = await create(plan);
    expect(await refused(create({ ...plan, ...fields }))).toEqual({
      code: "ALREADY_EXISTS",
      reason: "PLAN_EXISTS",
      numbers: { plan_code: code, revision: "1" },
    });
    expect(await read(code)).toEqual(first);
  });

  it("R17: deleting a plan again, or one that never was, succeeds", async () => {
    const code = await newPlan(app, hard("items", 5n));
    for (const at of [app, other, app]) await at.plans.deletePlan({ code });
    await app.plans.deletePlan({ code: aCode("never") });
    expect(await refused(app.plans.getPlan({ code }))).toEqual({
      code: "NOT_FOUND",
      reason: "PLAN_NOT_FOUND",
      numbers: { plan_code: code },
    });
    const rows = await query(app.database, "select 1 from quota_plan_limit where plan_code = $1", [code]);
    expect(rows).toEqual([]);
  });

  it("R17: UpdatePlan replaces the whole plan, raises the revision by one and keeps the creation time", async () => {
    const code = await newPlan(app, hard("a", 1n), hard("b", 2n));
    await app.setClock(start + minuteMs);
    const changed = await update({ code, displayName: "Other", limits: [soft("c", 3n)], revision: 1n });
    expect(changed).toMatchObject({ displayName: "Other", revision: 2n });
    expect(changed?.limits).toMatchObject([{ metricCode: "c", limit: 3n, enforcement: LimitEnforcement.SOFT }]);
    expect(isoOf(changed?.createdAt)).toBe(new Date(start).toISOString());
    expect(isoOf(changed?.updatedAt)).toBe(new Date(start + minuteMs).toISOString());
    expect(await read(code)).toEqual(changed);
    expect(await update({ code, displayName: "", limits: [], revision: 2n })).toMatchObject({
      revision: 3n,
      limits: [],
    });
  });

  it("R17: an identical UpdatePlan changes neither revision nor updated_at", async () => {
    const code = await newPlan(app, hard("a", 1n), unlimited("b"));
    const first = await read(code);
    await app.setClock(start + minuteMs);
    const again = await update({ ...planInit(first), limits: first?.limits ?? [] });
    expect(again).toEqual(first);
    expect(await read(code)).toEqual(first);
  });

  it("R17: UpdatePlan from another revision is REVISION_MISMATCH, even when nothing would change", async () => {
    const code = await newPlan(app, hard("a", 1n));
    await update({ code, limits: [hard("a", 2n)], revision: 1n });
    for (const revision of [1n, 3n]) {
      expect(await refused(update({ code, limits: [hard("a", 2n)], revision }))).toEqual({
        code: "ABORTED",
        reason: "REVISION_MISMATCH",
        numbers: { plan_code: code, revision_sent: `${revision}`, revision_stored: "2" },
      });
    }
    const absent = aCode("absent");
    expect(await refused(update({ code: absent, revision: 1n }))).toMatchObject({ reason: "PLAN_NOT_FOUND" });
  });

  it("R17: of two admins who update from one revision at once, one gets REVISION_MISMATCH", async () => {
    for (let round = 0; round < 5; round += 1) {
      const code = await newPlan(app, hard("items", 1n));
      const outcomes = await Promise.allSettled(
        [app, other].map((at, index) =>
          update({ code, limits: [hard("items", BigInt(10 + index))], revision: 1n }, at),
        ),
      );
      const winners = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      const losers = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
      expect(winners).toHaveLength(1);
      expect(numbersOf(refusalIn(losers[0]))).toMatchObject({
        reason: "REVISION_MISMATCH",
        numbers: { revision_sent: "1", revision_stored: "2" },
      });
      expect(await read(code)).toEqual(winners[0]);
      expect(winners[0]?.revision).toBe(2n);
    }
  });

  it("R17: of two creations of one code at once, equal ones succeed, and a different one is PLAN_EXISTS", async () => {
    for (let round = 0; round < 5; round += 1) {
      const code = aCode("plan");
      const same = await Promise.all([app, other].map((at) => create({ code, limits: [hard("items", 1n)] }, at)));
      expect(same[0]).toEqual(same[1]);
      const contested = aCode("plan");
      const outcomes = await Promise.allSettled(
        [app, other].map((at, index) => create({ code: contested, limits: [hard("items", BigInt(index))] }, at)),
      );
      expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(["fulfilled", "rejected"]);
      const loser = outcomes.find((outcome) => outcome.status === "rejected");
      expect(refusalIn(loser?.reason).reason).toBe("PLAN_EXISTS");
    }
  });

  describe("the default plan", () => {
    const defaults = async () =>
      (await query(app.database, "select code, revision from quota_plan where is_default")).map(({ code }) => code);

    it("R17: moving the default raises the revision of the plan that had it, and changes only that", async () => {
      const [first, second, third] = [aCode("plan"), aCode("plan"), aCode("plan")];
      await create({ code: first, displayName: "First", limits: [hard("items", 1n)], isDefault: true });
      await app.setClock(start + minuteMs);
      await create({ code: second, isDefault: true });
      const displaced = await read(first);
      expect(displaced).toMatchObject({ displayName: "First", isDefault: false, revision: 2n });
      expect(displaced?.limits).toMatchObject([{ metricCode: "items", limit: 1n }]);
      expect(isoOf(displaced?.updatedAt)).toBe(new Date(start + minuteMs).toISOString());
      expect(await reasonOf(update({ code: first, revision: 1n, isDefault: true }))).toBe("REVISION_MISMATCH");

      await create({ code: third });
      expect(await update({ code: third, revision: 1n, isDefault: true })).toMatchObject({
        isDefault: true,
        revision: 2n,
      });
      expect(await read(second)).toMatchObject({ isDefault: false, revision: 2n });
      expect(await read(first)).toMatchObject({ isDefault: false, revision: 2n });
      expect(await defaults()).toEqual([third]);
    });

    it("R17: taking the default from its plan leaves none", async () => {
      const code = aCode("plan");
      await create({ code, isDefault: true });
      expect(await update({ code, revision: 1n, isDefault: false })).toMatchObject({ isDefault: false, revision: 2n });
      expect(await defaults()).toEqual([]);
    });

    it("R17: creating default plans at once leaves exactly one default, and every call succeeds", async () => {
      for (let round = 0; round < 5; round += 1) {
        const codes = Array.from({ length: 4 }, () => aCode("plan"));
        await Promise.all(codes.map((code, index) => create({ code, isDefault: true }, index % 2 === 0 ? app : other)));
        const left = await defaults();
        expect(left).toHaveLength(1);
        expect(codes).toContain(left[0]);
        const plans = await Promise.all(codes.map(read));
        expect(plans.filter((plan) => plan?.isDefault)).toHaveLength(1);
        // Whoever had it for a moment has changed twice.
        for (const plan of plans) expect([1n, 2n]).toContain(plan?.revision);
      }
    });

    it("R17: making different plans the default at once leaves exactly one default", async () => {
      const codes = await Promise.all(Array.from({ length: 4 }, () => newPlan(app, hard("items", 1n))));
      const outcomes = await Promise.allSettled(
        codes.map((code, index) => update({ code, revision: 1n, isDefault: true }, index % 2 === 0 ? app : other)),
      );
      // A plan that got it and lost it again before its own call is not possible: each is updated once from revision 1.
      expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(4).fill("fulfilled"));
      expect(await defaults()).toHaveLength(1);
    });
  });
});
