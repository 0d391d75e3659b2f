/**
 * Fills a running service with tenants that could be real, through its API alone, for a look around and for the pictures in the
 * README. Run it against an empty one:
 *
 *     npm run seed -w packages/console -- http://127.0.0.1:8080
 *
 * A service with AUTH=required wants `--admin-key-file`, with a key of the role ADMIN: the script makes a key for everyone who
 * takes part, and says which one opens the console.
 *
 * Events bear the database's time, so everything seems to happen now. With `--clock-file`, the path of a libfaketime file
 * (`FAKETIME_TIMESTAMP_FILE`) that the database runs under, the script moves its clock through the month instead.
 */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { PlanService } from "../../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import { LimitEnforcement, PeriodKind } from "../../../gen/quota/v1/usage_pb.ts";
import { demoCallers } from "./demo-callers.ts";
import { type DemoTenant, demoTenants, numbersFrom } from "./demo-tenants.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { "admin-key-file": { type: "string" }, "clock-file": { type: "string" } },
});
const [baseUrl] = positionals;
const clockFile = values["clock-file"];
if (baseUrl === undefined) throw new Error("name the address of the HTTP door, such as http://127.0.0.1:8080");

const random = numbersFrom(7);

const hourSeconds = 3_600;
const daySeconds = 24 * hourSeconds;
/** libfaketime reads its file at every look at the clock; connections are older than that and need a moment. */
const clockSettleMs = 30;

async function setClock(secondsAgo: number): Promise<void> {
  if (clockFile === undefined) return;
  writeFileSync(clockFile, `-${secondsAgo}s\n`);
  await sleep(clockSettleMs);
}

async function createPlans(): Promise<void> {
  const month = PeriodKind.MONTH;
  const day = PeriodKind.DAY;
  await plans.createPlan({
    plan: {
      code: "team",
      displayName: "Team",
      limits: [
        { metricCode: "api_calls", limit: 20_000n, enforcement: LimitEnforcement.SOFT, periodKind: month },
        { metricCode: "exports", limit: 40n, enforcement: LimitEnforcement.HARD, periodKind: day },
        { metricCode: "searches", unlimited: true, enforcement: LimitEnforcement.SOFT, periodKind: month },
        { metricCode: "seats", limit: 25n, enforcement: LimitEnforcement.HARD, periodKind: PeriodKind.LIFETIME },
        { metricCode: "tracked_products", limit: 600n, enforcement: LimitEnforcement.HARD, periodKind: month },
      ],
    },
  });
}

/** Half-way through the month the team plan gets more exports, as plans do. */
async function raiseExports(): Promise<void> {
  const { plan } = await plans.getPlan({ code: "team" });
  if (plan === undefined) throw new Error("the team plan is missing");
  const limits = plan.limits.map((limit) => (limit.metricCode === "exports" ? { ...limit, limit: 50n } : limit));
  await plans.updatePlan({ plan: { ...plan, limits } });
}

async function subscribe(tenant: DemoTenant): Promise<void> {
  const { tenantId, planCode, timeZone } = tenant;
  await subscriptions.putSubscription({ subscription: { tenantId, planCode, timeZone } });
}

async function raiseLimit(tenant: DemoTenant, limit: bigint, reason: string): Promise<void> {
  await overrides.putLimitOverride({
    override: { tenantId: tenant.tenantId, metricCode: "tracked_products", limit, reason },
  });
}

/** Records one use; a refusal is part of the picture. */
async function use(tenant: DemoTenant, metricCode: string, amount: number, key: string): Promise<void> {
  try {
    await quota.recordUsage({
      tenantId: tenant.tenantId,
      metricCode,
      amount: BigInt(amount),
      idempotencyKey: key,
      metadata: { source: tenant.source, batch: key, actor: `user_${1 + Math.floor(random() * 40)}` },
    });
  } catch (thrown) {
    if (ConnectError.from(thrown).code !== Code.ResourceExhausted) throw thrown;
  }
}

/** What a tenant does within a part of a day. */
async function work(tenant: DemoTenant, label: string, share: number): Promise<void> {
  const busy = tenant.pace * share * (0.6 + random() * 0.8);
  const uses: [metric: string, amount: number][] = [
    ["api_calls", Math.ceil(busy * tenant.dailyCalls)],
    ["tracked_products", Math.ceil(busy * tenant.dailyProducts)],
    ["searches", Math.ceil(busy * 120)],
  ];
  if (tenant.planCode !== "enterprise" && random() < 0.7) uses.push(["exports", Math.ceil(busy * tenant.dailyExports)]);
  for (const [metric, amount] of uses) await use(tenant, metric, amount, `${tenant.source}/${label}/${metric}`);
}

const now = new Date();
const days = clockFile === undefined ? 0 : now.getUTCDate() - 1;

await setClock(days * daySeconds + hourSeconds);
const callers = await demoCallers(baseUrl, values["admin-key-file"]);
const plans = createClient(PlanService, callers.operations);
const subscriptions = createClient(SubscriptionService, callers.signUp);
const overrides = createClient(SubscriptionService, callers.success);
const quota = createClient(QuotaService, callers.shop);
await createPlans();
for (const tenant of demoTenants) await subscribe(tenant);

for (let day = days; day > 1; day -= 1) {
  await setClock(day * daySeconds);
  if (day === Math.ceil(days / 2)) await raiseExports();
  for (const tenant of demoTenants) await work(tenant, `day-${days - day + 1}`, 1);
  if (day === Math.ceil(days / 3)) {
    const [first, second, third] = demoTenants;
    if (first !== undefined) await raiseLimit(first, 700n, "catalogue migration, ticket 4711");
    if (second !== undefined) await raiseLimit(second, 650n, "trial extended by sales");
    if (third !== undefined) await raiseLimit(third, 60n, "goodwill after the outage of the 12th");
  }
}
for (let hour = 24; hour > 0; hour -= 1) {
  await setClock(hour * hourSeconds);
  for (const tenant of demoTenants) if (random() < 0.6) await work(tenant, `hour-${24 - hour}`, 1 / 14);
}
await setClock(60);
const [first] = demoTenants;
if (first !== undefined) {
  await overrides.deleteLimitOverride({ tenantId: first.tenantId, metricCode: "tracked_products" });
  await use(first, "tracked_products", 40, "catalogue-upload");
}
await setClock(0);
console.log(`${demoTenants.length} tenants; begin with ${first?.tenantId}`);
if (callers.auditorKey !== undefined) console.log(`the console opens with ${callers.auditorKey}`);
