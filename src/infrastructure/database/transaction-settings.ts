import { appRole, authRole, readerRole, tenantSetting } from "./roles.ts";

/** Bounds of every statement, in milliseconds. */
export interface StatementTimeouts {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The statements that make a fresh transaction ours. Everything is SET LOCAL: it ends with the transaction, survives a
 * pooler in transaction mode, and (unlike set_config) reaches the shards of a distributed database.
 */
export function appTransactionSql(tenantIds: readonly string[], timeouts: StatementTimeouts): string {
  for (const tenantId of tenantIds) {
    // The ids go into SQL as text; SET takes no parameters. Doors validate them, and this is the last line of defence.
    if (!uuidPattern.test(tenantId))
      throw new Error("a tenant id that is no lower-case UUID reached the database layer");
  }
  return `set local role ${appRole}; set local ${tenantSetting} = '${tenantIds.join(",")}'; ${common(timeouts)}`;
}

/**
 * For statements that are planned once and run with arrays of any length. A plan made for the values of one call costs a lone
 * call half of its time, and is no better: each statement is written for one way through the indexes.
 */
export const genericPlansSql = "set local plan_cache_mode = force_generic_plan";

/** To come before the others: all statements of the transaction then read one snapshot, and none may write. */
export const snapshotTransactionSql = "set transaction isolation level repeatable read, read only; ";

export function readerTransactionSql(timeouts: StatementTimeouts): string {
  return `set local role ${readerRole}; ${common(timeouts)}`;
}

export function authTransactionSql(timeouts: StatementTimeouts): string {
  return `set local role ${authRole}; ${common(timeouts)}`;
}

/**
 * An acknowledged event must survive a crash (promise 2), whatever the server's or the login's default is. And a process that
 * freezes between its locks and its commit must not hold the counters for as long as its connection looks alive.
 */
function common(timeouts: StatementTimeouts): string {
  return (
    "set local synchronous_commit = on; " +
    `set local statement_timeout = ${timeouts.statementTimeoutMs}; set local lock_timeout = ${timeouts.lockTimeoutMs}; ` +
    `set local idle_in_transaction_session_timeout = ${timeouts.statementTimeoutMs}`
  );
}
