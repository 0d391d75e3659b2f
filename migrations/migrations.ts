import { AdminReads } from "./20261124-admin-reads.ts";
import { ApiKeyChanges } from "./20261124-api-key-changes.ts";
import { ApiKeys } from "./20261124-api-keys.ts";
import { ChangeLookup } from "./20261124-change-lookup.ts";
import { ControlChanges } from "./20261124-control-changes.ts";
import { HashedTenantPolicy } from "./20261124-hashed-tenant-policy.ts";
import { InitialSchema } from "./20261124-initial-schema.ts";
import { KeyEntriesApart } from "./20261124-key-entries-apart.ts";

/** Every migration in its order. Forward only: what has been released is never edited. */
export const migrations = [
  { name: "20261124-initial-schema", class: InitialSchema },
  { name: "20261124-hashed-tenant-policy", class: HashedTenantPolicy },
  { name: "20261124-admin-reads", class: AdminReads },
  { name: "20261124-control-changes", class: ControlChanges },
  { name: "20261124-api-keys", class: ApiKeys },
  { name: "20261124-api-key-changes", class: ApiKeyChanges },
  { name: "20261124-change-lookup", class: ChangeLookup },
  { name: "20261124-key-entries-apart", class: KeyEntriesApart },
];
