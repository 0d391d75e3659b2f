import type { Role } from "../../../domain/principal.ts";
import type { ApiKeyDirectory, ApiKeySnapshot, ApiKeyUse } from "../../../repositories/api-key-directory.ts";
import type { StoredApiKey } from "../../../repositories/api-key-repository.ts";
import { textArray } from "../binary-arrays.ts";
import { clockMillisecondsSql, type DatabaseClock } from "../database-clock.ts";
import type { PipelinedTransactions, Statement } from "../pipelined-transactions.ts";
import type { TextRow } from "../text-query.ts";
import type { Transactions } from "../transactions.ts";
import { millisecondsSql } from "../usage/record-rows.ts";

export class PostgresApiKeyDirectory implements ApiKeyDirectory {
  readonly #transactions: Transactions;
  readonly #pipelined: PipelinedTransactions;
  readonly #lookUp: Statement;
  readonly #noteUsesSql: string;

  constructor(transactions: Transactions, pipelined: PipelinedTransactions, clock: DatabaseClock) {
    this.#transactions = transactions;
    this.#pipelined = pipelined;
    this.#lookUp = {
      name: "look_up_api_keys",
      sql: `select moment.now, k.id::text, k.display_name, k.role, k.tenant_id::text, k.prefix, k.secret_hash,
          ${millisecondsSql("k.created_at")}, ${millisecondsSql("k.expires_at")}, ${millisecondsSql("k.revoked_at")}
        from (select ${clockMillisecondsSql(clock)} as now) moment
        left join quota_api_key k on k.prefix = any ($1::text[])`,
    };
    // Locked in one order, because several processes note the uses of the same keys at the same time.
    this.#noteUsesSql = `with locked as materialized (
          select id from quota_api_key where id = any ($1::uuid[]) order by id for no key update)
        update quota_api_key k
          set last_used_at = greatest(k.last_used_at, ${clock.nowSql} - u.ago_ms * interval '1 millisecond')
          from locked join unnest($1::uuid[], $2::bigint[]) as u (id, ago_ms) on u.id = locked.id
          where k.id = locked.id`;
  }

  async lookUp(prefixes: readonly string[]): Promise<ApiKeySnapshot> {
    const rows = await this.#pipelined.readAsAuth(this.#lookUp, [textArray(prefixes)]);
    const keys = rows.map(storedOf).filter((stored) => stored !== undefined);
    return { now: Number(rows[0]?.[0]), keys: new Map(keys.map((stored) => [stored.key.prefix, stored])) };
  }

  async noteUses(uses: readonly ApiKeyUse[]): Promise<void> {
    await this.#transactions.asAuth((transaction) =>
      transaction.query(this.#noteUsesSql, [uses.map(({ keyId }) => keyId), uses.map(({ agoMs }) => agoMs)]),
    );
  }
}

/** Undefined for the row that carries the clock alone. */
function storedOf(row: TextRow): StoredApiKey | undefined {
  const [, id, displayName, role, tenantId, prefix, secretHash, createdAt, expiresAt, revokedAt] = row;
  if (id == null || prefix == null || secretHash == null) return undefined;
  const key = {
    id,
    displayName: displayName ?? "",
    role: role as Role,
    ...(tenantId == null ? {} : { tenantId }),
    prefix,
    createdAt: Number(createdAt),
    ...(expiresAt == null ? {} : { expiresAt: Number(expiresAt) }),
    ...(revokedAt == null ? {} : { revokedAt: Number(revokedAt) }),
  };
  return { key, secretHash };
}
