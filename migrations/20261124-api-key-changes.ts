import { Migration } from "@mikro-orm/migrations";

/** `quota_auth`, which changes API keys, writes that down in the same transaction, and sees no entries but those of keys. */
export class ApiKeyChanges extends Migration {
  override up(): void {
    this.addSql(`create policy "quota_control_change_auth" on "quota_control_change"
      to "quota_auth"
      using (object_kind = 'API_KEY')
      with check (object_kind = 'API_KEY')`);
    this.addSql("grant select, insert on quota_control_change to quota_auth");
  }
}
