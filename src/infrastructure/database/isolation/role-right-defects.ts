import pg from "pg";
import { servingRoles } from "../roles.ts";
import { grantedRights } from "./granted-rights.ts";
import { columnRights, tableRights, tables } from "./service-tables.ts";

/** MAINTAIN, which locks and rebuilds tables, is a right since PostgreSQL 17; before, the server does not know the word. */
const maintainVersion = 170_000;

interface FoundRights {
  readonly holder: string;
  readonly table: string;
  /** In the words of `grantedRights`. */
  readonly rights: readonly string[];
}

/** Every table with every role: a right on the whole table, or else on some of its columns. */
const foundSql = `
  with t as (${tables}),
  r as (select unnest(array['${tableRights.join("','")}']) as name union all
    select 'MAINTAIN' where current_setting('server_version_num')::int >= ${maintainVersion})
  select holder, t.name as table, coalesce((
      select jsonb_agg(r.name || coalesce(' (' || quote_ident(c.attname) || ')', '') order by r.name, c.attname)
      from r left join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped
        and r.name = any ($2) and not has_table_privilege(holder, t.oid, r.name)
      where case when c.attname is null then has_table_privilege(holder, t.oid, r.name)
        else has_column_privilege(holder, t.oid, c.attnum, r.name) end), '[]') as rights
  from t, unnest($1::name[]) as holder order by t.name, holder`;

/** Rights of the service's roles that this version does not grant, or misses; one line a role and table, with its remedy. */
export async function roleRightDefects(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<FoundRights>(foundSql, [servingRoles, columnRights]);
  return rows.flatMap(({ holder, table, rights }) => {
    const granted = grantedRights[table]?.[holder] ?? [];
    return [
      ...linesOf("has too many rights on", "revoke", `from public, ${id(holder)}`, without(rights, granted)),
      ...linesOf("lacks rights on", "grant", `to ${id(holder)}`, without(granted, rights)),
    ];

    function linesOf(what: string, verb: string, whose: string, differing: readonly string[]): string[] {
      if (differing.length === 0) return [];
      const list = differing.join(", ");
      return [
        `role ${holder} ${what} table ${table} (${list}); as its owner run: ${verb} ${list} on ${id(table)} ${whose}`,
      ];
    }
  });
}

function without(rights: readonly string[], others: readonly string[]): string[] {
  return rights.filter((right) => !others.includes(right));
}

function id(name: string): string {
  return pg.escapeIdentifier(name);
}
