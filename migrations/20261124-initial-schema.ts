import { Migration } from "@mikro-orm/migrations";

/** The rows of the tenants that the transaction names; a missing or empty setting denies. */
const ownTenants =
  "coalesce(tenant_id = any ((select string_to_array(current_setting('quota.tenant_ids', true), ',')::uuid[] as ids)::uuid[]), false)";

/** Roles belong to the whole cluster, so another database of it may have created them already, even at this moment. */
function createRole(role: string): string {
  return `do $$ begin
      if not exists (select from pg_catalog.pg_roles where rolname = '${role}') then
        create role ${role} nologin;
      end if;
    exception when duplicate_object or unique_violation then null;
    end $$`;
}

/** Fails a batch that wrote other rows than it decided; see the ORM's declaration of the same function. */
const requireWritten = `create function "quota_require_written"(
      "records_wanted" bigint, "records_written" bigint, "others_wanted" bigint, "others_written" bigint
    ) returns boolean language plpgsql as $$ begin if records_written <> records_wanted then
        raise exception 'another transaction created the record of the period first' using errcode = 'serialization_failure';
      end if;
      if others_written <> others_wanted then
        raise exception 'a batch wrote % rows and had decided %', others_written, others_wanted using errcode = 'data_exception';
      end if;
      return true; end $$`;

/**
 * Tables, row level security, and who may do what: `quota_app` works on the rows of named tenants, `quota_reader` reads all
 * tenants, and neither may change or remove a usage event.
 */
export class InitialSchema extends Migration {
  override up(): void {
    this.addSql(createRole("quota_app"));
    this.addSql(createRole("quota_reader"));
    this.#createTables();
    // Counters are updated in place all day long: room on the page keeps the update out of the five indexes.
    this.addSql("alter table quota_usage_record set (fillfactor = 50)");
    this.addSql(requireWritten);
    this.#grant();
  }

  #grant(): void {
    this.addSql(`grant select on
      quota_plan, quota_plan_limit, quota_subscription, quota_limit_override,
      quota_usage_record, quota_usage_event, quota_usage_refusal, quota_migration
      to quota_app, quota_reader`);
    this.addSql("grant insert, update on quota_usage_record, quota_usage_refusal to quota_app");
    // The key of page tokens lies here, which whoever reads all tenants has no business with.
    this.addSql("grant select, insert on quota_setting to quota_app");
    this.addSql("grant insert on quota_usage_event to quota_app");
    this.addSql(
      "grant insert, update, delete on quota_plan, quota_plan_limit, quota_subscription, quota_limit_override to quota_app",
    );
  }

  #createTables(): void {
    this.addSql(`create table "quota_limit_override" (
      "tenant_id" uuid not null,
      "metric_code" text not null,
      "quota_limit" bigint null,
      "enforcement" text null,
      "reason" text not null,
      "expires_at" timestamptz(3) null,
      "created_at" timestamptz(3) not null,
      "updated_at" timestamptz(3) not null,
      primary key ("tenant_id", "metric_code")
    )`);
    this.addSql(`alter table "quota_limit_override"
      add constraint "quota_limit_override_limit_check" check (quota_limit >= 0 and quota_limit <= 9007199254740991)`);
    this.addSql(`alter table "quota_limit_override"
      add constraint "quota_limit_override_enforcement_check"
      check ("enforcement" in ('HARD', 'SOFT'))`);
    this.addSql(`create table "quota_plan" (
      "code" text not null,
      "display_name" text not null,
      "is_default" boolean not null,
      "revision" bigint not null,
      "created_at" timestamptz(3) not null,
      "updated_at" timestamptz(3) not null,
      primary key ("code")
    )`);
    this.addSql(`create unique index "quota_plan_default_key" on "quota_plan" ("is_default") where is_default`);
    this.addSql(`create table "quota_plan_limit" (
      "plan_code" text not null,
      "metric_code" text not null,
      "quota_limit" bigint null,
      "enforcement" text not null,
      "period_kind" text not null,
      primary key ("plan_code", "metric_code")
    )`);
    this.addSql(`alter table "quota_plan_limit"
      add constraint "quota_plan_limit_limit_check" check (quota_limit >= 0 and quota_limit <= 9007199254740991)`);
    this.addSql(`alter table "quota_plan_limit"
      add constraint "quota_plan_limit_enforcement_check"
      check ("enforcement" in ('HARD', 'SOFT'))`);
    this.addSql(`alter table "quota_plan_limit"
      add constraint "quota_plan_limit_period_kind_check"
      check ("period_kind" in ('HOUR', 'DAY', 'WEEK', 'MONTH', 'YEAR', 'LIFETIME'))`);
    this.addSql(`create table "quota_setting" (
      "name" text not null,
      "value" text not null,
      primary key ("name")
    )`);
    this.addSql(`create table "quota_subscription" (
      "tenant_id" uuid not null,
      "plan_code" text not null,
      "time_zone" text not null,
      "anchor" timestamptz(3) null,
      "created_at" timestamptz(3) not null,
      "updated_at" timestamptz(3) not null,
      primary key ("tenant_id")
    )`);
    this.addSql(`create index "quota_subscription_plan_idx" on "quota_subscription" ("plan_code")`);
    this.addSql(`create table "quota_usage_event" (
      "tenant_id" uuid not null,
      "id" uuid not null,
      "amount" bigint not null,
      "sequence" bigint not null,
      "usage_after" bigint not null,
      "quota_limit" bigint null,
      "created_at" timestamptz(3) not null,
      "period_start" timestamptz(3) not null,
      "period_end" timestamptz(3) not null,
      "metric_code" text not null,
      "enforcement" text not null,
      "limit_source" text not null,
      "period_kind" text not null,
      "plan_code" text not null,
      "requested_plan_code" text null,
      "idempotency_key" text null,
      "metadata" jsonb not null,
      primary key ("tenant_id", "id")
    )`);
    this.addSql(
      `create index "quota_usage_event_metric_idx" on "quota_usage_event" ("tenant_id", "metric_code", "created_at", "id")`,
    );
    this.addSql(`create index "quota_usage_event_created_at_idx" on "quota_usage_event" using brin ("created_at")`);
    this.addSql(
      `create unique index "quota_usage_event_idempotency_key" on "quota_usage_event" ("tenant_id", "idempotency_key") where idempotency_key is not null`,
    );
    this.addSql(`alter table "quota_usage_event"
      add constraint "quota_usage_event_amount_check" check (amount >= 1 and amount <= 1000000000000000)`);
    this.addSql(`alter table "quota_usage_event"
      add constraint "quota_usage_event_usage_check" check (usage_after >= amount and usage_after <= 9007199254740991)`);
    this.addSql(
      `alter table "quota_usage_event" add constraint "quota_usage_event_sequence_check" check (sequence >= 1)`,
    );
    this.addSql(`alter table "quota_usage_event"
      add constraint "quota_usage_event_time_check" check (period_start <= created_at and created_at < period_end)`);
    this.addSql(`alter table "quota_usage_event"
      add constraint "quota_usage_event_enforcement_check"
      check ("enforcement" in ('HARD', 'SOFT'))`);
    this.addSql(`alter table "quota_usage_event"
      add constraint "quota_usage_event_limit_source_check"
      check ("limit_source" in ('SUBSCRIBED_PLAN', 'REQUESTED_PLAN', 'DEFAULT_PLAN', 'OVERRIDE'))`);
    this.addSql(`alter table "quota_usage_event"
      add constraint "quota_usage_event_period_kind_check"
      check ("period_kind" in ('HOUR', 'DAY', 'WEEK', 'MONTH', 'YEAR', 'LIFETIME'))`);
    this.addSql(`create or replace function "quota_usage_event_immutable_fn"()
      returns trigger as $$
      begin raise exception 'usage events are immutable' using errcode = 'restrict_violation'; end; $$ language plpgsql`);
    this.addSql(`create trigger "immutable" before update or delete on "quota_usage_event"
      for each STATEMENT execute function "quota_usage_event_immutable_fn"()`);
    this.addSql(`create trigger "immutable_truncate" before truncate on "quota_usage_event"
      for each statement execute function "quota_usage_event_immutable_fn"()`);
    this.addSql(`create table "quota_usage_record" (
      "tenant_id" uuid not null,
      "id" uuid not null,
      "ordinal" bigint not null,
      "current_usage" bigint not null,
      "last_sequence" bigint not null,
      "last_event_id" uuid not null,
      "last_event_at" timestamptz(3) not null,
      "period_start" timestamptz(3) not null,
      "period_end" timestamptz(3) not null,
      "created_at" timestamptz(3) not null,
      "period_kind" text not null,
      "metric_code" text not null,
      primary key ("tenant_id", "id")
    )`);
    this.addSql(
      `create index "quota_usage_record_open_idx" on "quota_usage_record" ("tenant_id", "metric_code", "period_end")`,
    );
    this.addSql(`create index "quota_usage_record_end_idx" on "quota_usage_record" ("tenant_id", "period_end")`);
    this.addSql(`alter table "quota_usage_record"
      add constraint "quota_usage_record_period_key" unique ("tenant_id", "metric_code", "period_kind", "period_start")`);
    this.addSql(`alter table "quota_usage_record"
      add constraint "quota_usage_record_ordinal_key" unique ("tenant_id", "metric_code", "ordinal")`);
    this.addSql(`alter table "quota_usage_record"
      add constraint "quota_usage_record_usage_check" check (current_usage >= 0 and current_usage <= 9007199254740991)`);
    this.addSql(`alter table "quota_usage_record"
      add constraint "quota_usage_record_sequence_check" check (last_sequence >= 0 and ordinal >= 1)`);
    this.addSql(`alter table "quota_usage_record"
      add constraint "quota_usage_record_time_check" check (period_start <= last_event_at and last_event_at < period_end and period_start < period_end)`);
    this.addSql(`alter table "quota_usage_record"
      add constraint "quota_usage_record_period_kind_check"
      check ("period_kind" in ('HOUR', 'DAY', 'WEEK', 'MONTH', 'YEAR', 'LIFETIME'))`);
    this.addSql(`create table "quota_usage_refusal" (
      "tenant_id" uuid not null,
      "metric_code" text not null,
      "hour" timestamptz(3) not null,
      "count" bigint not null,
      "last_limit" bigint not null,
      "last_current" bigint not null,
      "last_amount" bigint not null,
      "last_refused_at" timestamptz(3) not null,
      primary key ("tenant_id", "metric_code", "hour")
    )`);
    this.addSql(`create index "quota_usage_refusal_hour_idx" on "quota_usage_refusal" ("hour")`);
    this.addSql(
      `alter table "quota_usage_refusal" add constraint "quota_usage_refusal_count_check" check (count >= 1)`,
    );
    this.addSql(`alter table "quota_plan_limit"
      add constraint "quota_plan_limit_plan_code_foreign"
      foreign key ("plan_code")
      references "quota_plan" ("code") on update no action on delete cascade`);
    this.addSql(`alter table "quota_subscription"
      add constraint "quota_subscription_plan_code_foreign"
      foreign key ("plan_code")
      references "quota_plan" ("code") on update no action on delete restrict`);
    this.addSql(`alter table "quota_limit_override" enable row level security`);
    this.addSql(`alter table "quota_limit_override" force row level security`);
    this.addSql(`create policy "quota_limit_override_app" on "quota_limit_override"
      to "quota_app"
      using (${ownTenants})
      with check (${ownTenants})`);
    this.addSql(`create policy "quota_limit_override_reader" on "quota_limit_override" for select
      to "quota_reader"
      using (true)`);
    this.addSql(`alter table "quota_subscription" enable row level security`);
    this.addSql(`alter table "quota_subscription" force row level security`);
    this.addSql(`create policy "quota_subscription_app" on "quota_subscription"
      to "quota_app"
      using (${ownTenants})
      with check (${ownTenants})`);
    this.addSql(
      `create policy "quota_subscription_reader" on "quota_subscription" for select to "quota_reader" using (true)`,
    );
    this.addSql(`alter table "quota_usage_event" enable row level security`);
    this.addSql(`alter table "quota_usage_event" force row level security`);
    this.addSql(`create policy "quota_usage_event_app" on "quota_usage_event"
      to "quota_app"
      using (${ownTenants})
      with check (${ownTenants})`);
    this.addSql(
      `create policy "quota_usage_event_reader" on "quota_usage_event" for select to "quota_reader" using (true)`,
    );
    this.addSql(`alter table "quota_usage_record" enable row level security`);
    this.addSql(`alter table "quota_usage_record" force row level security`);
    this.addSql(`create policy "quota_usage_record_app" on "quota_usage_record"
      to "quota_app"
      using (${ownTenants})
      with check (${ownTenants})`);
    this.addSql(
      `create policy "quota_usage_record_reader" on "quota_usage_record" for select to "quota_reader" using (true)`,
    );
    this.addSql(`alter table "quota_usage_refusal" enable row level security`);
    this.addSql(`alter table "quota_usage_refusal" force row level security`);
    this.addSql(`create policy "quota_usage_refusal_app" on "quota_usage_refusal"
      to "quota_app"
      using (${ownTenants})
      with check (${ownTenants})`);
    this.addSql(
      `create policy "quota_usage_refusal_reader" on "quota_usage_refusal" for select to "quota_reader" using (true)`,
    );
  }
}
