import { timestampFromMs, timestampNow } from "@bufbuild/protobuf/wkt";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AdminService, SeriesWindow, UsageRecordOrder } from "../../gen/quota/v1/admin_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { EventOrder } from "../../gen/quota/v1/usage_pb.ts";
import { dayMs } from "../support/builders.ts";
import { GrpcConnection } from "../support/grpc-client.ts";
import type { SentStatement } from "../support/postgres-messages.ts";
import { type PostgresProxy, startPostgresProxy } from "../support/postgres-proxy.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

/**
 * How PostgreSQL plans what the service sends it. The statements are caught on their way, and explained as they were
 * sent: under the same role, for the same tenants, with the same values.
 */

type QuotaCalls = ReturnType<typeof quotaOf>;

const tenantCount = 2_000;
const tenant = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
/** Has a quarter of all events, spread over five metrics. */
const heavyTenant = tenant(7);

let database: TestDatabase;
let proxy: PostgresProxy;
let server: ServerProcess;
let connection: GrpcConnection;
let quota: QuotaCalls;
let admin: ReturnType<typeof adminOf>;
let explainer: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  const seeding = new pg.Client({ connectionString: database.superuserUrl });
  await seeding.connect();
  await seeding.query(seedSql);
  await seeding.query("analyze");
  await seeding.end();
  proxy = await startPostgresProxy(database.serviceUrl);
  // A process of its own, because the tests' clock changes the statements.
  server = await startServerProcess({ DATABASE_URL: proxy.url });
  connection = new GrpcConnection(server.address);
  quota = quotaOf(connection);
  admin = adminOf(connection);
  explainer = new pg.Client({ connectionString: database.serviceUrl });
  await explainer.connect();
});

afterAll(async () => {
  connection.close();
  await explainer.end();
  await server.end();
  await proxy.close();
  await database.drop();
});

function quotaOf(client: GrpcConnection) {
  return client.service(QuotaService);
}

function adminOf(client: GrpcConnection) {
  return client.service(AdminService);
}

/** 60,000 counters of thirty months, 20,000 events; and each tenant has a subscription, an override and refusals. */
const seedSql = `
  insert into quota_plan values ('shared', 'Shared', false, 1, now(), now());
  insert into quota_plan_limit select 'shared', 'metric_' || m, 1000000, 'HARD', 'MONTH' from generate_series(0, 9) m;
  create temporary table tenant as select n, ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid as id
    from generate_series(1, ${tenantCount}) n;
  create function pg_temp.id_at(at timestamptz, n bigint) returns uuid language sql as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000a' ||
      lpad(to_hex(n), 15, '0'))::uuid $$;
  insert into quota_subscription select id, 'shared', 'UTC', null, now(), now() from tenant;
  insert into quota_limit_override select id, 'metric_1', 5000000, null, 'agreed', null, now(), now() from tenant;
  insert into quota_usage_refusal select id, 'metric_' || m, date_trunc('hour', now()), 1, 5, 5, 1, now()
    from tenant, generate_series(0, 9) m;
  insert into quota_usage_record
    select id, pg_temp.id_at(start, n * 100 + month), month + 1, 10, 10, pg_temp.id_at(start, n), start, start,
      start + interval '1 month', start, 'MONTH', 'metric_' || n % 10
    from tenant, generate_series(0, 29) month,
      lateral (select date_trunc('month', now(), 'UTC') - make_interval(months => 29 - month) as start) as period;
  insert into quota_control_change
    select id, pg_temp.id_at(now() - make_interval(mins => c), n * 100 + c), now() - make_interval(mins => c), id, 'Olga',
      'ADMIN', 'CREATE', 'SUBSCRIPTION', id::text, null, '{}', '' from tenant, generate_series(0, 9) c;
  insert into quota_usage_event
    select tenant.id, pg_temp.id_at(at, e), 1, e + 1, e + 1, 1000000, at, date_trunc('month', at, 'UTC'),
      date_trunc('month', at, 'UTC') + interval '1 month', 'metric_' || e % 10, 'HARD', 'SUBSCRIBED_PLAN', 'MONTH',
      'shared', null, case when e % 2 = 0 then 'key-' || e end, '{}'
    from generate_series(0, 19999) e
      join tenant on tenant.n = case when e % 4 = 0 then 7 else 1 + e % ${tenantCount} end,
      lateral (select date_trunc('milliseconds', now() - make_interval(mins => e)) as at) as time`;

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly Plans?: readonly PlanNode[];
}

/** The nodes of every plan that the work needs. */
async function plansOf(work: () => Promise<unknown>): Promise<PlanNode[]> {
  proxy.statements.length = 0;
  await work();
  const nodes: PlanNode[] = [];
  let settings = "";
  for (const statement of [...proxy.statements]) {
    const [, begun] = /^(?:begin; )?(set (?:local role|transaction).*)$/s.exec(statement.text) ?? [];
    if (begun !== undefined) settings = begun;
    if (statement.text.startsWith("set local enable_")) settings += `; ${statement.text}`;
    if (/^\s*(select|with)\b.*quota_/is.test(statement.text)) nodes.push(...(await explain(settings, statement)));
  }
  expect(nodes).not.toEqual([]);
  return nodes;
}

/** As planned for these values; and when it has a name, as planned for any, which the server may come to prefer. */
async function explain(settings: string, { text, values, isNamed }: SentStatement): Promise<PlanNode[]> {
  await explainer.query("begin");
  await explainer.query(settings);
  const answers = [await explainer.query(`explain (format json) ${text}`, [...values])];
  if (isNamed) answers.push(await explainer.query(`explain (format json, generic_plan) ${text}`));
  await explainer.query("rollback");
  return answers.flatMap(({ rows }) => flatten(rows[0]["QUERY PLAN"][0].Plan));
}

function flatten(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}

const typesIn = (nodes: readonly PlanNode[]) => nodes.map((node) => node["Node Type"]);
const indexesIn = (nodes: readonly PlanNode[]) => new Set(nodes.flatMap((node) => node["Index Name"] ?? []));

/** Tables of tenant data that are read from end to end; the handful of plans may be. */
function scannedTables(nodes: readonly PlanNode[]): string[] {
  const scans = nodes.filter((node) => node["Node Type"] === "Seq Scan");
  return scans.flatMap((node) => node["Relation Name"] ?? []).filter((table) => !table.startsWith("quota_plan"));
}

/** Many arrive while one is under way, so that they share transactions. */
it.each([1, 20, 250])("%i uses at once read and write by index alone", async (count) => {
  const nodes = await plansOf(() =>
    Promise.all(
      Array.from({ length: count }, (_, index) => {
        const n = 1 + index * 7;
        const key = index % 2 === 0 ? { idempotencyKey: `fresh-${count}-${index}` } : {};
        return quota.recordUsage({ tenantId: tenant(n), metricCode: `metric_${n % 10}`, amount: 1n, ...key });
      }),
    ),
  );
  expect(scannedTables(nodes)).toEqual([]);
  expect(typesIn(nodes)).toContain("ModifyTable");
  expect(indexesIn(nodes)).toContain("quota_usage_event_idempotency_key");
});

it("uses that open counters find what came before by index", async () => {
  const nodes = await plansOf(() =>
    Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        quota.recordUsage({ tenantId: tenant(1 + index * 10), metricCode: "metric_5", amount: 1n }),
      ),
    ),
  );
  expect(scannedTables(nodes)).toEqual([]);
});

it.each<[string, () => Promise<unknown>]>([
  ["a check", () => quota.checkQuota({ tenantId: heavyTenant, metricCode: "metric_7", amount: 1n })],
  [
    "200 checks at once",
    () =>
      Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          quota.checkQuota({ tenantId: tenant(1 + index * 10), metricCode: "metric_1", amount: 1n }),
        ),
      ),
  ],
  ["a status", () => quota.getStatus({ tenantId: heavyTenant })],
])("%s reads by index alone", async (_, work) => {
  expect(scannedTables(await plansOf(work))).toEqual([]);
});

type ListRequest = Parameters<QuotaCalls["listEvents"]>[0];

const [{ NEWEST_FIRST, OLDEST_FIRST }, metricCode] = [EventOrder, "metric_4"];
const someDays = {
  createdFrom: timestampFromMs(Date.now() - 12 * dayMs),
  createdBefore: timestampFromMs(Date.now() - dayMs),
};

it.each<[string, ListRequest, string]>([
  ["all, newest first", { order: NEWEST_FIRST }, "quota_usage_event_pkey"],
  ["all, oldest first", { order: OLDEST_FIRST }, "quota_usage_event_pkey"],
  ["all of some days, newest first", { order: NEWEST_FIRST, ...someDays }, "quota_usage_event_pkey"],
  ["one metric, newest first", { order: NEWEST_FIRST, metricCode }, "quota_usage_event_metric_idx"],
  ["one metric, oldest first", { order: OLDEST_FIRST, metricCode }, "quota_usage_event_metric_idx"],
  [
    "one metric of some days, oldest first",
    { order: OLDEST_FIRST, metricCode, ...someDays },
    "quota_usage_event_metric_idx",
  ],
])("a page of events is read along one index, without sorting: %s", async (_, request, index) => {
  let pageToken = "";
  for (const page of ["first", "second"]) {
    const nodes = await plansOf(async () => {
      const { events, nextPageToken } = await quota.listEvents({ ...request, tenantId: heavyTenant, pageToken });
      expect(events).toHaveLength(100);
      pageToken = nextPageToken;
    });
    expect([...indexesIn(nodes)], page).toEqual([index]);
    expect(typesIn(nodes), page).toContain("Index Scan");
    for (const type of ["Sort", "Incremental Sort", "Seq Scan", "Bitmap Heap Scan"])
      expect(typesIn(nodes), page).not.toContain(type);
  }
});

type RecordsRequest = Parameters<typeof admin.listUsageRecords>[0];

const { NEWEST_FIRST: OPENED_LAST, OLDEST_FIRST: OPENED_FIRST } = UsageRecordOrder;
const indexesOfEnds = ["quota_usage_record_latest_idx", "quota_usage_record_earliest_idx"];
const { PERIOD_END_LATEST_FIRST, PERIOD_END_EARLIEST_FIRST, USAGE_HIGHEST_FIRST } = UsageRecordOrder;

it.each<[string, RecordsRequest, string]>([
  ["opened last", { order: OPENED_LAST }, "quota_usage_record_created_idx"],
  ["opened first", { order: OPENED_FIRST }, "quota_usage_record_created_idx"],
  ["ending last", { order: PERIOD_END_LATEST_FIRST }, "quota_usage_record_latest_idx"],
  ["ending first", { order: PERIOD_END_EARLIEST_FIRST }, "quota_usage_record_earliest_idx"],
])("a page of all tenants' counters is read along one index, at any depth: %s", async (_, request, index) => {
  let pageToken = "";
  for (const page of ["first", "second", "third"]) {
    const nodes = await plansOf(async () => {
      const { records, nextPageToken } = await admin.listUsageRecords({ ...request, pageToken });
      expect(records).toHaveLength(100);
      pageToken = nextPageToken;
    });
    // Counters that end together are in one order in both indexes of ends.
    const isOfEnds = index !== "quota_usage_record_created_idx";
    for (const found of indexesIn(nodes)) expect(isOfEnds ? indexesOfEnds : [index], page).toContain(found);
    if (page === "first") expect([...indexesIn(nodes)]).toEqual([index]);
    for (const type of ["Sort", "Seq Scan", "Bitmap Heap Scan"]) expect(typesIn(nodes), page).not.toContain(type);
  }
});

it.each<[string, () => Promise<unknown>]>([
  [
    "counters of one tenant by usage",
    () => admin.listUsageRecords({ tenantId: heavyTenant, order: USAGE_HIGHEST_FIRST }),
  ],
  [
    "the open counters by usage",
    () => admin.listUsageRecords({ periodEndFrom: timestampNow(), order: USAGE_HIGHEST_FIRST }),
  ],
  ["events of all tenants", () => admin.listUsageEvents({})],
  ["events of all tenants, oldest first", () => admin.listUsageEvents({ order: OLDEST_FIRST })],
  ["events of all tenants of some days", () => admin.listUsageEvents(someDays)],
  ["events of one metric of all tenants", () => admin.listUsageEvents({ metricCode })],
  ["events of one tenant", () => admin.listUsageEvents({ tenantId: heavyTenant })],
  ["refusals", () => admin.listRefusals({})],
  ["refusals of one tenant", () => admin.listRefusals({ tenantId: heavyTenant })],
  [
    "a series",
    () => admin.getUsageSeries({ tenantId: heavyTenant, metricCode, ...someDays, window: SeriesWindow.HOUR }),
  ],
  ["changes", () => admin.listChanges({})],
  ["changes of one object", () => admin.listChanges({ objectId: heavyTenant })],
  ["changes under one tenant", () => admin.listChanges({ tenantId: heavyTenant })],
  ["changes by one key", () => admin.listChanges({ actorKeyId: heavyTenant })],
])("%s are read by index alone, page after page", async (_, work) => {
  expect(scannedTables(await plansOf(work))).toEqual([]);
});

it("the second page of all tenants' events and refusals is read by index as well", async () => {
  const [events, refusals] = [await admin.listUsageEvents({}), await admin.listRefusals({})];
  expect([events.events.length, refusals.refusals.length]).toEqual([100, 100]);
  const nodes = await plansOf(async () => {
    await admin.listUsageEvents({ pageToken: events.nextPageToken });
    await admin.listRefusals({ pageToken: refusals.nextPageToken });
  });
  expect(scannedTables(nodes)).toEqual([]);
  expect(indexesIn(nodes)).toContain("quota_usage_event_created_at_idx");
  expect(indexesIn(nodes)).toContain("quota_usage_refusal_hour_idx");
});

it("the tenants near their limits are found without the events", async () => {
  const nodes = await plansOf(() => admin.listTenantsNearLimit({ minPercentUsed: 0 }));
  expect(nodes.map((node) => node["Relation Name"])).toContain("quota_usage_record");
  expect(nodes.map((node) => node["Relation Name"])).not.toContain("quota_usage_event");
});

it("such a check can fail: a scan and a sort are found where they are needed", async () => {
  const settings = `set local role quota_app; set local quota.tenant_ids = '${heavyTenant}'`;
  const byAmount = "select metadata from quota_usage_event order by amount";
  const all = "select from quota_usage_event";
  expect(typesIn(await explain(settings, { text: byAmount, values: [], isNamed: false }))).toContain("Sort");
  const nodes = await explain("set local role quota_reader", { text: all, values: [], isNamed: true });
  expect(scannedTables(nodes)).toEqual(["quota_usage_event", "quota_usage_event"]);
});
