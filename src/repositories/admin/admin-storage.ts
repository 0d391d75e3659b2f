import type { ChangeListing } from "./change-listing.ts";
import type { NearLimitListing } from "./near-limit-listing.ts";
import type { RefusalListing } from "./refusal-listing.ts";
import type { TenantsEventListing } from "./tenants-event-listing.ts";
import type { UsageRecordListing } from "./usage-record-listing.ts";
import type { UsageSeriesRepository } from "./usage-series-repository.ts";

/**
 * What is read across tenants. Nothing here locks or writes.
 *
 * Every method throws StorageUnavailableError when the storage does not answer; each may be retried.
 */
export interface AdminStorage {
  readonly records: UsageRecordListing;
  readonly events: TenantsEventListing;
  readonly refusals: RefusalListing;
  readonly nearLimit: NearLimitListing;
  readonly series: UsageSeriesRepository;
  readonly changes: ChangeListing;
}
