import { HashedTenantPolicy } from "./20261124-hashed-tenant-policy.ts";
import { InitialSchema } from "./20261124-initial-schema.ts";

/** Every migration in its order. Forward only: what has been released is never edited. */
export const migrations = [
  { name: "20261124-initial-schema", class: InitialSchema },
  { name: "20261124-hashed-tenant-policy", class: HashedTenantPolicy },
];
