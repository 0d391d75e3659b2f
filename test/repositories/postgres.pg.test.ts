import { makePostgresStorage } from "../support/postgres-storage.ts";
import { describeAdminStorage } from "./contract/admin-storage.ts";
import { describeControlStorage } from "./contract/control-storage.ts";
import { describeUsageStorage } from "./contract/usage-storage.ts";

describeUsageStorage("PostgreSQL", makePostgresStorage, { countersAreLockedApart: true });
describeControlStorage("PostgreSQL", makePostgresStorage);
describeAdminStorage("PostgreSQL", makePostgresStorage);
