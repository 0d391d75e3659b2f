import { Migration } from "@mikro-orm/migrations";

/** An object of the audit trail is looked up by its id alone, whose form says of which kind it is. */
export class ChangeLookup extends Migration {
  override up(): void {
    this.addSql(`drop index "quota_control_change_object_idx"`);
    this.addSql(
      `create index "quota_control_change_object_idx" on "quota_control_change" ("object_id", "object_kind", "id")`,
    );
  }
}
