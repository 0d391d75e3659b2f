import { Migration } from "@mikro-orm/migrations";

/** Entries of plans, and those of the tenants that the transaction names; never those of keys. */
const ownTenantsOrNone =
  "object_kind <> 'API_KEY' and (tenant_id is null or tenant_id in (select unnest(string_to_array(current_setting('quota.tenant_ids', true), ',')::uuid[]) as unnest))";

/** What is written down about API keys is `quota_auth`'s alone, as the keys are. */
export class KeyEntriesApart extends Migration {
  override up(): void {
    this.addSql(
      `alter policy "quota_control_change_app" on "quota_control_change"
        using (${ownTenantsOrNone})
        with check (${ownTenantsOrNone})`,
    );
  }
}
