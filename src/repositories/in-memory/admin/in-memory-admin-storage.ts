import type { AdminStorage } from "../../admin/admin-storage.ts";
import type { InMemoryStorage } from "../in-memory-storage.ts";
import { InMemoryChangeListing } from "./in-memory-change-listing.ts";
import { InMemoryNearLimitListing } from "./in-memory-near-limit-listing.ts";
import { InMemoryRefusalListing } from "./in-memory-refusal-listing.ts";
import { InMemoryTenantsEventListing } from "./in-memory-tenants-event-listing.ts";
import { InMemoryUsageRecordListing } from "./in-memory-usage-record-listing.ts";
import { InMemoryUsageSeriesRepository } from "./in-memory-usage-series-repository.ts";

export function inMemoryAdminStorage(storage: InMemoryStorage): AdminStorage {
  return {
    records: new InMemoryUsageRecordListing(storage),
    events: new InMemoryTenantsEventListing(storage),
    refusals: new InMemoryRefusalListing(storage),
    nearLimit: new InMemoryNearLimitListing(storage),
    series: new InMemoryUsageSeriesRepository(storage),
    changes: new InMemoryChangeListing(storage),
  };
}
