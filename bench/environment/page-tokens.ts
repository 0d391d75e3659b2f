import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { sealWith } from "../../src/infrastructure/database/page-token-key.ts";
import { GrpcConnection } from "../../test/support/grpc-client.ts";
import { type BenchDatabase, rowsOf, withClient } from "./bench-postgres.ts";
import { listedTenant } from "./listing-data.ts";
import type { ServerProcess } from "./server-process.ts";

/**
 * Page tokens at these depths of a listing, newest first. To get one from the service, millions of events would have to be
 * turned over page by page, which takes minutes; so its first page's token is opened with the key from the database, and
 * sealed again with another place in it.
 *
 * @param shares how deep, 0 … 1 of all events
 */
export async function tokensAtDepths(
  database: BenchDatabase,
  service: ServerProcess,
  metricCode: string | undefined,
  shares: readonly number[],
): Promise<string[]> {
  const firstToken = await firstPageToken(service, metricCode);
  return await withClient(database.superuserUrl, async (client) => {
    const [key] = await rowsOf<{ value: string }>(
      client,
      "select value from quota_setting where name = 'page_token_key'",
    );
    const seal = sealWith(Buffer.from(key?.value ?? "", "base64"));
    const opened = seal.open(firstToken);
    if (opened === undefined) throw new Error("the key in the database does not open the service's page tokens");
    const content = JSON.parse(opened) as Readonly<Record<string, unknown>>;
    if (!("cursor" in content)) throw new Error("a page token no longer holds its place as `cursor`");
    const places = await rowsOf<{ id: string }>(client, placesSql, [listedTenant, metricCode ?? null, [...shares]]);
    return places.map(({ id }) => seal.seal(JSON.stringify({ ...content, cursor: id })));
  });
}

/** Depths are instants, for events lie evenly in time: counting millions of rows off would take seconds for each. */
const placesSql = `
  with bounds as (
    select min(created_at) as oldest, max(created_at) as newest from quota_usage_event where tenant_id = $1
  )
  select e.id from bounds cross join unnest($3::float8[]) with ordinality as d (share, place) cross join lateral (
    select id from quota_usage_event
      where tenant_id = $1 and metric_code = coalesce($2, metric_code)
        and id <= (lpad(to_hex(floor(extract(epoch from newest - share * (newest - oldest)) * 1000)::bigint), 12, '0')
          || '7fffbfffffffffffffff')::uuid
      order by id desc limit 1) e
  order by place`;

async function firstPageToken(service: ServerProcess, metricCode: string | undefined): Promise<string> {
  const connection = new GrpcConnection(service.target);
  try {
    const { nextPageToken } = await connection.service(QuotaService).listEvents({
      tenantId: listedTenant,
      ...(metricCode === undefined ? {} : { metricCode }),
    });
    return nextPageToken;
  } finally {
    connection.close();
  }
}
