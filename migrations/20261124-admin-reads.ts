import { Migration } from "@mikro-orm/migrations";

/** Indexes for the lists of AdminService, which run across all tenants. The table of events gets none. */
export class AdminReads extends Migration {
  override up(): void {
    this.addSql(
      `create index "quota_usage_record_created_idx" on "quota_usage_record" ("created_at", "tenant_id", "id")`,
    );
    this.addSql(
      `create index "quota_usage_record_earliest_idx" on "quota_usage_record" ("period_end", "tenant_id", "id")`,
    );
    this.addSql(
      `create index "quota_usage_record_latest_idx" on "quota_usage_record" ("period_end" desc, "tenant_id", "id")`,
    );
    this.addSql(`create index "quota_usage_record_metric_idx" on "quota_usage_record" ("metric_code", "tenant_id")`);
    this.addSql(`drop index "quota_usage_refusal_hour_idx"`);
    this.addSql(
      `create index "quota_usage_refusal_hour_idx" on "quota_usage_refusal" ("hour" desc, "tenant_id", "metric_code")`,
    );
    // Pages of all tenants' events find them by this index. Ranges of the table that it has not summarised are read whole, and
    // without this they stay so until the next vacuum, which on a table without deletions is after a fifth more of it.
    this.addSql(`alter index "quota_usage_event_created_at_idx" set (autosummarize = on)`);
  }
}
