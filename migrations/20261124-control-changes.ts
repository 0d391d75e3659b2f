import { Migration } from "@mikro-orm/migrations";

/** The rows of the tenants that the transaction names, and those that belong to none. */
const ownTenantsOrNone =
  "tenant_id is null or tenant_id in (select unnest(string_to_array(current_setting('quota.tenant_ids', true), ',')::uuid[]) as unnest)";

/** The audit trail of the control plane: who changed what, when, from what, to what. Nobody changes or removes an entry. */
export class ControlChanges extends Migration {
  override up(): void {
    this.addSql(`create table "quota_control_change" (
      "tenant_id" uuid null,
      "id" uuid not null,
      "created_at" timestamptz(3) not null,
      "actor_key_id" uuid null,
      "actor_name" text not null,
      "actor_role" text null,
      "operation" text not null,
      "object_kind" text not null,
      "object_id" text not null,
      "before" jsonb null,
      "after" jsonb null,
      "request_id" text not null,
      primary key ("id")
    )`);
    this.addSql(
      `create index "quota_control_change_object_idx" on "quota_control_change" ("object_kind", "object_id", "id")`,
    );
    this.addSql(`create index "quota_control_change_tenant_idx" on "quota_control_change" ("tenant_id", "id")`);
    this.addSql(`create index "quota_control_change_actor_idx" on "quota_control_change" ("actor_key_id", "id")`);
    this.addSql(`alter table "quota_control_change"
      add constraint "quota_control_change_content_check"
      check ((operation = 'CREATE') = (before is null) and (operation = 'DELETE') = (after is null))`);
    this.addSql(`alter table "quota_control_change"
      add constraint "quota_control_change_actor_role_check"
      check ("actor_role" in ('SERVICE', 'TENANT', 'ADMIN', 'AUDITOR'))`);
    this.addSql(`alter table "quota_control_change"
      add constraint "quota_control_change_operation_check"
      check ("operation" in ('CREATE', 'UPDATE', 'DELETE', 'REVOKE'))`);
    this.addSql(`alter table "quota_control_change"
      add constraint "quota_control_change_object_kind_check"
      check ("object_kind" in ('PLAN', 'SUBSCRIPTION', 'LIMIT_OVERRIDE', 'API_KEY'))`);
    this.addSql(`create or replace function "quota_control_change_immutable_fn"()
      returns trigger as $$
      begin raise exception 'changes of the control plane are immutable' using errcode = 'restrict_violation'; end; $$ language plpgsql`);
    this.addSql(`create trigger "immutable" before update or delete on "quota_control_change"
      for each STATEMENT execute function "quota_control_change_immutable_fn"()`);
    this.addSql(`create trigger "immutable_truncate" before truncate on "quota_control_change"
      for each statement execute function "quota_control_change_immutable_fn"()`);
    this.addSql(`alter table "quota_control_change" enable row level security`);
    this.addSql(`alter table "quota_control_change" force row level security`);
    this.addSql(`create policy "quota_control_change_app" on "quota_control_change"
      to "quota_app"
      using (${ownTenantsOrNone})
      with check (${ownTenantsOrNone})`);
    this.addSql(
      `create policy "quota_control_change_reader" on "quota_control_change" for select to "quota_reader" using (true)`,
    );
    this.addSql("grant select on quota_control_change to quota_app, quota_reader");
    this.addSql("grant insert on quota_control_change to quota_app");
  }
}
