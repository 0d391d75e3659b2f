import type { AdminStorage } from "../../../repositories/admin/admin-storage.ts";
import type { UsageEventRepository } from "../../../repositories/usage-event-repository.ts";
import type { DatabaseClock } from "../database-clock.ts";
import type { Transactions } from "../transactions.ts";
import { PostgresChangeListing } from "./postgres-change-listing.ts";
import { PostgresNearLimitListing } from "./postgres-near-limit-listing.ts";
import { PostgresRefusalListing } from "./postgres-refusal-listing.ts";
import { PostgresTenantsEventListing } from "./postgres-tenants-event-listing.ts";
import { PostgresUsageRecordListing } from "./postgres-usage-record-listing.ts";
import { PostgresUsageSeriesRepository } from "./postgres-usage-series-repository.ts";

export function postgresAdminStorage(
  transactions: Transactions,
  events: UsageEventRepository,
  clock: DatabaseClock,
): AdminStorage {
  return {
    records: new PostgresUsageRecordListing(transactions),
    events: new PostgresTenantsEventListing(transactions, events, clock),
    refusals: new PostgresRefusalListing(transactions),
    nearLimit: new PostgresNearLimitListing(transactions, clock),
    series: new PostgresUsageSeriesRepository(transactions, clock),
    changes: new PostgresChangeListing(transactions),
  };
}
