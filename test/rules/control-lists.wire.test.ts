import { toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanSchema } from "../../gen/quota/v1/plan_pb.ts";
import { aTenant, dayMs } from "../support/builders.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { hard, noon, reasonOf, refused, subscribe } from "./fixtures.ts";
import { query } from "./stored-rows.ts";

interface Page {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** The sizes and items of all pages, read with the given sizes in turn. */
async function readPages(
  read: (page: Page) => Promise<{ readonly items: readonly string[]; readonly nextPageToken: string }>,
  ...sizes: readonly number[]
): Promise<{ readonly items: readonly string[]; readonly sizes: readonly number[] }> {
  const pages: (readonly string[])[] = [];
  let pageToken = "";
  do {
    const pageSize = sizes[pages.length % sizes.length] ?? 0;
    const page = await read({ pageSize, pageToken });
    pages.push(page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && pages.length < 50);
  return { items: pages.flat(), sizes: pages.map((items) => items.length) };
}

/** Plans without limits, subscriptions and overrides in numbers that would take long over the wire. */
describe("lists of the control plane", () => {
  const many = 1_050;
  const crowded = "m-crowded";
  const ownPlans = ["a", "a-b", "a.b", "a0", "a_b", "ab"];
  const owner = aTenant();
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
    await app.setClock(noon);
    for (const code of [...ownPlans].reverse())
      await app.plans.createPlan({ plan: { code, limits: [hard("items", 1n)] } });
    await app.plans.createPlan({ plan: { code: crowded } });
    await query(
      app.database,
      `insert into quota_plan select 'p-' || lpad(n::text, 5, '0'), '', false, 1, now(), now()
        from generate_series(1, ${many}) n`,
    );
    await query(
      app.database,
      `insert into quota_subscription select gen_random_uuid(), '${crowded}', 'UTC', null, now(), now()
        from generate_series(1, ${many})`,
    );
    await query(
      app.database,
      `insert into quota_limit_override select $1, 'm-' || lpad(n::text, 5, '0'), n, null, '', null, now(), now()
        from generate_series(1, ${many}) n`,
      [owner],
    );
  });

  afterAll(async () => {
    await app.stop();
  });

  const plansPage = async (page: Page) => {
    const { plans, nextPageToken } = await app.plans.listPlans(page);
    return { items: plans.map((plan) => plan.code), nextPageToken };
  };
  const subscriptionsPage = async (page: Page, planCode?: string) => {
    const filter = planCode === undefined ? {} : { planCode };
    const { subscriptions, nextPageToken } = await app.subscriptions.listSubscriptions({ ...filter, ...page });
    return { items: subscriptions.map((subscription) => subscription.tenantId), nextPageToken };
  };
  const overridesPage = async (page: Page, tenantId?: string) => {
    const filter = tenantId === undefined ? {} : { tenantId };
    const { overrides, nextPageToken } = await app.subscriptions.listLimitOverrides({ ...filter, ...page });
    return { items: overrides.map((override) => `${override.tenantId} ${override.metricCode}`), nextPageToken };
  };

  it("R17: ListPlans gives every plan once, sorted by code, with its limits", async () => {
    const { items } = await readPages(plansPage, 1_000);
    const expected = Array.from({ length: many }, (_, index) => `p-${String(index + 1).padStart(5, "0")}`);
    expect(items.filter((code) => code.startsWith("p-"))).toEqual(expected);
    expect(items.filter((code) => code.startsWith("a"))).toEqual([...ownPlans].sort());
    expect(new Set(items).size).toBe(many + ownPlans.length + 1);
    const { plans } = await app.plans.listPlans({ pageSize: 1 });
    expect(plans).toMatchObject([{ code: "a", limits: [{ metricCode: "items", limit: 1n }], revision: 1n }]);
  });

  it.each([
    ["ListPlans", plansPage, many + ownPlans.length + 1],
    ["ListSubscriptions", subscriptionsPage, many],
    ["ListLimitOverrides", overridesPage, many],
  ])(
    "bounds: page_size of %s: 0 means 100, more than 1,000 means 1,000, and negative is refused",
    async (_, read, total) => {
      expect((await read({ pageSize: 0, pageToken: "" })).items).toHaveLength(100);
      expect((await read({ pageSize: 1, pageToken: "" })).items).toHaveLength(1);
      expect((await read({ pageSize: 999, pageToken: "" })).items).toHaveLength(999);
      for (const pageSize of [1_000, 1_001, 2 ** 31 - 1]) {
        const { items, nextPageToken } = await read({ pageSize, pageToken: "" });
        expect(items).toHaveLength(1_000);
        expect((await read({ pageSize, pageToken: nextPageToken })).items).toHaveLength(total - 1_000);
      }
      for (const pageSize of [-1, -(2 ** 31)]) {
        expect(await reasonOf(read({ pageSize, pageToken: "" }))).toBe("INVALID_REQUEST");
      }
    },
  );

  it("R17: ListSubscriptions is sorted by tenant and filters by plan", async () => {
    const all = await readPages(subscriptionsPage, 700);
    expect(all.items).toHaveLength(many);
    expect(all.items).toEqual([...all.items].sort());
    const tenants = [aTenant(), aTenant(), aTenant()].sort();
    for (const tenantId of tenants) await subscribe(app, tenantId, "a");
    expect((await readPages((page) => subscriptionsPage(page, "a"), 2)).items).toEqual(tenants);
    expect((await readPages((page) => subscriptionsPage(page, crowded), 1_000)).items).toHaveLength(many);
    expect((await subscriptionsPage({ pageSize: 0, pageToken: "" }, "no-such-plan")).items).toEqual([]);
    for (const tenantId of tenants) await app.subscriptions.deleteSubscription({ tenantId });
  });

  it("R17: ListLimitOverrides is sorted by tenant and metric, across page borders, and filters", async () => {
    const [low, high] = ["00000000-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000001"];
    for (const tenantId of [high, low]) {
      for (const metricCode of ["b", "a", "c"]) {
        await app.subscriptions.putLimitOverride({ override: { tenantId, metricCode, limit: 1n } });
      }
    }
    const { items, sizes } = await readPages(overridesPage, 2, 1, 500);
    expect(items).toHaveLength(many + 6);
    expect(items).toEqual([...items].sort());
    expect(sizes.slice(0, 3)).toEqual([2, 1, 500]);
    expect((await readPages((page) => overridesPage(page, high.toUpperCase()), 2)).items).toEqual(
      ["a", "b", "c"].map((metricCode) => `${high} ${metricCode}`),
    );
    expect((await readPages((page) => overridesPage(page, owner), 400)).sizes).toEqual([400, 400, many - 800]);
    expect((await overridesPage({ pageSize: 0, pageToken: "" }, aTenant())).items).toEqual([]);
    for (const tenantId of [low, high]) {
      for (const metricCode of ["a", "b", "c"]) await app.subscriptions.deleteLimitOverride({ tenantId, metricCode });
    }
  });

  it("R15: a page that holds the rest exactly carries no token", async () => {
    const page = (pageSize: number) => subscriptionsPage({ pageSize, pageToken: "" }, "ab");
    expect(await page(1)).toEqual({ items: [], nextPageToken: "" });
    const tenants = [aTenant(), aTenant()].sort();
    for (const tenantId of tenants) await subscribe(app, tenantId, "ab");
    expect(await page(2)).toEqual({ items: tenants, nextPageToken: "" });
    expect((await page(1)).nextPageToken).not.toBe("");
  });

  it("R15: a list goes on after what its token names, though that is deleted by then", async () => {
    const tenants = [aTenant(), aTenant(), aTenant(), aTenant()].sort();
    for (const tenantId of tenants) await subscribe(app, tenantId, "a0");
    const first = await subscriptionsPage({ pageSize: 2, pageToken: "" }, "a0");
    await app.subscriptions.deleteSubscription({ tenantId: tenants[1] ?? "" });
    const second = await subscriptionsPage({ pageSize: 2, pageToken: first.nextPageToken }, "a0");
    expect([...first.items, ...second.items]).toEqual(tenants);
  });

  it("R16: a token of another list, another filter, altered or older than a day is PAGE_TOKEN_INVALID", async () => {
    const { nextPageToken: ofPlans } = await plansPage({ pageSize: 1, pageToken: "" });
    const { nextPageToken: ofAll } = await subscriptionsPage({ pageSize: 1, pageToken: "" });
    const { nextPageToken: ofCrowded } = await subscriptionsPage({ pageSize: 1, pageToken: "" }, crowded);
    const { nextPageToken: ofOwner } = await overridesPage({ pageSize: 1, pageToken: "" }, owner);
    const invalid = [
      () => subscriptionsPage({ pageSize: 1, pageToken: ofPlans }),
      () => overridesPage({ pageSize: 1, pageToken: ofPlans }),
      () => plansPage({ pageSize: 1, pageToken: ofAll }),
      () => subscriptionsPage({ pageSize: 1, pageToken: ofAll }, crowded),
      () => subscriptionsPage({ pageSize: 1, pageToken: ofCrowded }),
      () => subscriptionsPage({ pageSize: 1, pageToken: ofCrowded }, "a"),
      () => overridesPage({ pageSize: 1, pageToken: ofOwner }, aTenant()),
      () => overridesPage({ pageSize: 1, pageToken: ofOwner }),
      () => app.quota.listEvents({ tenantId: owner, pageToken: ofOwner }),
      ...[
        `${ofPlans}A`,
        ofPlans.slice(0, -1),
        ofPlans.replace(".", ""),
        "x",
        ".",
        "\u0000",
        "ü",
        "x".repeat(2_049),
      ].map((pageToken) => () => plansPage({ pageSize: 1, pageToken })),
    ];
    for (const call of invalid) {
      expect(await refused(call())).toEqual({
        code: "INVALID_ARGUMENT",
        reason: "PAGE_TOKEN_INVALID",
        numbers: { field: "page_token" },
      });
    }
    for (const pageSize of [1, 5]) {
      expect((await plansPage({ pageSize, pageToken: ofPlans })).items).toEqual(
        [...ownPlans].sort().slice(1, 1 + pageSize),
      );
    }
    app.advancePageTokenClock(dayMs + 1_000);
    expect(await reasonOf(plansPage({ pageSize: 1, pageToken: ofPlans }))).toBe("PAGE_TOKEN_INVALID");
  });

  it("R15: a page of large plans ends early at 1 MiB, and the rest follows", async () => {
    await query(
      app.database,
      `with plan as (
          insert into quota_plan select 'z-' || lpad(n::text, 3, '0'), '', false, 1, now(), now()
            from generate_series(1, 60) n returning code
        )
        insert into quota_plan_limit
          select code, rpad('m' || n, 100, 'x'), 1, 'HARD', 'MONTH' from plan, generate_series(1, 200) n`,
    );
    const bytesOfPages: number[] = [];
    const read = async (page: Page) => {
      const { plans, nextPageToken } = await app.plans.listPlans(page);
      bytesOfPages.push(plans.reduce((bytes, plan) => bytes + toBinary(PlanSchema, plan).byteLength, 0));
      return { items: plans.map((plan) => plan.code), nextPageToken };
    };
    const { items } = await readPages(read, 1_000);
    const large = Array.from({ length: 60 }, (_, index) => `z-${String(index + 1).padStart(3, "0")}`);
    expect(items.filter((code) => code.startsWith("z-"))).toEqual(large);
    expect(Math.max(...bytesOfPages)).toBeLessThanOrEqual(1024 * 1024);
  });
});
