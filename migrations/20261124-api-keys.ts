import { Migration } from "@mikro-orm/migrations";

/** Roles belong to the whole cluster, so another database of it may have created this one already, even at this moment. */
const createAuthRole = `do $$ begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'quota_auth') then
      create role quota_auth nologin;
    end if;
  exception when duplicate_object or unique_violation then null;
  end $$`;

/** The credentials of callers, and `quota_auth`, the only role that reads them and may do nothing else. */
export class ApiKeys extends Migration {
  override up(): void {
    this.addSql(createAuthRole);
    this.addSql(`create table "quota_api_key" (
      "id" uuid not null,
      "display_name" text not null,
      "role" text not null,
      "tenant_id" uuid null,
      "prefix" text not null,
      "secret_hash" text not null,
      "created_at" timestamptz(3) not null,
      "expires_at" timestamptz(3) null,
      "last_used_at" timestamptz(3) null,
      "revoked_at" timestamptz(3) null,
      primary key ("id")
    )`);
    this.addSql(`create index "quota_api_key_tenant_idx" on "quota_api_key" ("tenant_id", "id")`);
    this.addSql(`alter table "quota_api_key" add constraint "quota_api_key_prefix_key" unique ("prefix")`);
    this.addSql(`alter table "quota_api_key"
      add constraint "quota_api_key_tenant_check" check ((role = 'TENANT') = (tenant_id is not null))`);
    this.addSql(`alter table "quota_api_key"
      add constraint "quota_api_key_hash_check" check (secret_hash ~ '^[0-9a-f]{64}$')`);
    this.addSql(`alter table "quota_api_key"
      add constraint "quota_api_key_role_check" check ("role" in ('SERVICE', 'TENANT', 'ADMIN', 'AUDITOR'))`);
    this.addSql(`alter table "quota_api_key" enable row level security`);
    this.addSql(`alter table "quota_api_key" force row level security`);
    this.addSql(`create policy "quota_api_key_auth" on "quota_api_key"
      to "quota_auth"
      using (true)
      with check (true)`);
    // A key's secret, role and tenant are never changed, and no key is ever removed.
    this.addSql("grant select, insert, update (last_used_at, revoked_at) on quota_api_key to quota_auth");
  }
}
