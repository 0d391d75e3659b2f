import pg from "pg";
import { readerRole } from "../roles.ts";
import { type TenantTable, tenantTables, type WantedPolicy } from "./tenant-tables.ts";

interface FoundTable {
  readonly name: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly policies: readonly FoundPolicy[];
}

interface FoundPolicy {
  readonly name: string;
  readonly permissive: boolean;
  readonly command: string;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

const foundSql = `
  select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
    coalesce((select jsonb_agg(jsonb_build_object(
        'name', p.polname, 'permissive', p.polpermissive,
        'command', case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert'
          when 'w' then 'update' else 'delete' end,
        'roles', (select jsonb_agg(coalesce(r.rolname, 'public') order by r.rolname) from unnest(p.polroles) as role
          left join pg_roles r on r.oid = role),
        'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)
      ) order by p.polname) from pg_policy p where p.polrelid = c.oid), '[]') as policies
  from pg_class c where c.oid = to_regclass($1)`;

/**
 * What of the tenants' row level security is missing, weakened or added in the database, one line a defect, each with its
 * remedy.
 *
 * @param client in a transaction, without a role
 */
export async function policyDefects(client: pg.Client): Promise<string[]> {
  const defects: string[] = [];
  for (const table of tenantTables()) {
    const { rows } = await client.query<FoundTable>(foundSql, [table.name]);
    defects.push(...(rows[0] === undefined ? [missingTable(table)] : await tableDefects(client, table, rows[0])));
  }
  return defects;
}

function missingTable({ name }: TenantTable): string {
  return `table ${name} is missing, or not on the login's search_path; restore it from a backup`;
}

async function tableDefects(client: pg.Client, table: TenantTable, found: FoundTable): Promise<string[]> {
  const defects: string[] = [];
  const name = pg.escapeIdentifier(table.name);
  if (!found.enabled) {
    defects.push(
      `table ${table.name} has no row level security; ${asOwner(`alter table ${name} enable row level security`)}`,
    );
  }
  if (!found.forced) {
    defects.push(
      `table ${table.name} does not force row level security; ${asOwner(`alter table ${name} force row level security`)}`,
    );
  }
  for (const policy of table.policies) {
    const present = found.policies.find((other) => other.name === policy.name);
    if (present === undefined) {
      defects.push(`table ${table.name} lacks the policy ${policy.name}; ${asOwner(createPolicySql(table, policy))}`);
      continue;
    }
    const differences = await differencesOf(client, table, policy, present);
    if (differences.length === 0) continue;
    const remedy = asOwner(
      `drop policy ${pg.escapeIdentifier(policy.name)} on ${name}; ${createPolicySql(table, policy)}`,
    );
    defects.push(
      `policy ${policy.name} of table ${table.name} has another ${differences.join(" and ")} than this version's; ${remedy}`,
    );
  }
  for (const { name: policy } of found.policies) {
    if (table.policies.some((wanted) => wanted.name === policy)) continue;
    const remedy = asOwner(`drop policy ${pg.escapeIdentifier(policy)} on ${name}`);
    defects.push(`table ${table.name} has the policy ${policy}, which this version does not know; ${remedy}`);
  }
  return defects;
}

async function differencesOf(
  client: pg.Client,
  table: TenantTable,
  wanted: WantedPolicy,
  found: FoundPolicy,
): Promise<string[]> {
  const differences: string[] = [];
  if (!found.permissive) differences.push("kind (RESTRICTIVE)");
  if (found.command !== wanted.command) differences.push(`command (${found.command})`);
  if (found.roles.join() !== [...wanted.roles].sort().join())
    differences.push(`list of roles (${found.roles.join(", ")})`);
  if (!(await isSame(client, table, wanted.using, found.using)))
    differences.push(`USING condition (${inOneLine(found.using)})`);
  if (!(await isSame(client, table, wanted.check, found.check))) {
    differences.push(`WITH CHECK condition (${inOneLine(found.check)})`);
  }
  return differences;
}

/**
 * Whether two conditions mean the same to the server. What it stores is a tree, which each major version prints in its own
 * way, so both are planned by this very server and their plans compared.
 */
async function isSame(
  client: pg.Client,
  table: TenantTable,
  wanted: string | undefined,
  found: string | null,
): Promise<boolean> {
  if (wanted === undefined || found === null) return wanted === undefined && found === null;
  const plan = await planOf(client, table, wanted);
  return plan !== undefined && plan === (await planOf(client, table, found));
}

/** Undefined when the server cannot plan it for who sees the table, as when it asks for a table that nobody may see. */
async function planOf(client: pg.Client, table: TenantTable, condition: string): Promise<string | undefined> {
  const from = pg.escapeIdentifier(table.name);
  await client.query("savepoint plan");
  try {
    // The login itself may read nothing, and keys are not for who reads all tenants. Without indexes both conditions are shown as the filter of one scan.
    await client.query(`set local role ${seeingRole(table)}; set local enable_indexscan = off;
      set local enable_bitmapscan = off; set local enable_indexonlyscan = off`);
    const { rows } = await client.query<{ readonly "QUERY PLAN": readonly { readonly Plan: unknown }[] }>(
      `explain (verbose, costs off, format json) select from ${from} where (${condition})`,
    );
    return JSON.stringify(rows[0]?.["QUERY PLAN"][0]?.Plan);
  } catch (error) {
    if (error instanceof pg.DatabaseError) return undefined;
    throw error;
  } finally {
    await client.query("rollback to savepoint plan");
  }
}

function seeingRole({ policies }: TenantTable): string {
  const roles = policies.flatMap((policy) => policy.roles);
  return roles.includes(readerRole) ? readerRole : (roles[0] ?? readerRole);
}

function createPolicySql(table: TenantTable, { name, command, roles, using, check }: WantedPolicy): string {
  const conditions = [
    using === undefined ? "" : ` using (${using})`,
    check === undefined ? "" : ` with check (${check})`,
  ].join("");
  return `create policy ${pg.escapeIdentifier(name)} on ${pg.escapeIdentifier(table.name)} for ${command} to ${roles.join(", ")}${conditions}`;
}

function asOwner(sql: string): string {
  return `as its owner run: ${sql}`;
}

function inOneLine(condition: string | null): string {
  return condition === null ? "none" : condition.replaceAll(/\s+/g, " ");
}
