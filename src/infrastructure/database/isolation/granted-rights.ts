import { appRole, authRole, readerRole } from "../roles.ts";

/** Rights as the migrations grant them: a word for the whole table, or a word and the one column that it is for. */
export type GrantedRights = Readonly<Record<string, readonly string[]>>;

const readers: GrantedRights = { [appRole]: ["SELECT"], [readerRole]: ["SELECT"] };
const configuration: GrantedRights = { ...readers, [appRole]: ["SELECT", "INSERT", "UPDATE", "DELETE"] };
const counters: GrantedRights = { ...readers, [appRole]: ["SELECT", "INSERT", "UPDATE"] };
const insertOnly: GrantedRights = { ...readers, [appRole]: ["SELECT", "INSERT"] };

/** What each role may do with each table, and no more; with a table that is not named here, nothing. */
export const grantedRights: Readonly<Record<string, GrantedRights>> = {
  quota_plan: configuration,
  quota_plan_limit: configuration,
  quota_subscription: configuration,
  quota_limit_override: configuration,
  quota_usage_record: counters,
  quota_usage_refusal: counters,
  quota_usage_event: insertOnly,
  quota_control_change: { ...insertOnly, [authRole]: ["SELECT", "INSERT"] },
  quota_migration: readers,
  // The key of page tokens lies here, which whoever reads all tenants has no business with.
  quota_setting: { [appRole]: ["SELECT", "INSERT"] },
  quota_api_key: { [authRole]: ["SELECT", "INSERT", "UPDATE (last_used_at)", "UPDATE (revoked_at)"] },
};
