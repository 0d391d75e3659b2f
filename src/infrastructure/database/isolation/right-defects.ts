import pg from "pg";
import { servingRoles, tenantSetting } from "../roles.ts";
import { roleRightDefects } from "./role-right-defects.ts";
import { columnRights, tableRights, tables } from "./service-tables.ts";

const hasRight = (role: string, right: string) =>
  `(has_table_privilege(${role}, t.oid, ${right})
    or (${right} in ('${columnRights.join("', '")}') and has_any_column_privilege(${role}, t.oid, ${right})))`;

/** As the elements of a list in SQL, between its outer quotation marks. */
const roleList = servingRoles.join("', '");

interface Session {
  readonly login: string;
  readonly tenants: string | null;
  readonly database: string;
  readonly schema: string | null;
}

/**
 * What the login, or a role that it may take on, could do past row level security; one line a defect, each with its remedy.
 *
 * @param client as the serving login, without a role
 */
export async function rightDefects(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<Session>(
    `select session_user as login, current_setting('${tenantSetting}', true) as tenants,
      current_database() as database, current_schema() as schema`,
  );
  const [session] = rows;
  if (session === undefined) throw new Error("the server does not know its own session");
  return [
    ...sessionDefects(session),
    ...(await ownRightDefects(client, session)),
    ...(await roleRightDefects(client)),
    ...(await creationDefects(client, session)),
    ...(await roleDefects(client, session)),
  ];
}

/** A default of the login or database, which every transaction would begin with. */
function sessionDefects({ login, tenants, database }: Session): string[] {
  if (tenants === null || tenants === "") return [];
  const remedy = [`role ${id(login)}`, `role ${id(login)} in database ${id(database)}`, `database ${id(database)}`]
    .map((whose) => `alter ${whose} reset ${tenantSetting}`)
    .join("; ");
  const what = `login ${login} begins with ${tenantSetting} set, so a transaction that forgot it would see tenants`;
  return [`${what}; as a superuser run: ${remedy}`];
}

interface OwnRights {
  readonly table: string;
  readonly rights: string;
}

async function ownRightDefects(client: pg.Client, { login }: Session): Promise<string[]> {
  const { rows } = await client.query<OwnRights>(
    `with t as (${tables})
    select t.name as table, string_agg(r, ', ' order by r) as rights
    from t, unnest(array['${tableRights.join("','")}']) as r where ${hasRight("session_user", "r")} group by 1 order by 1`,
  );
  return rows.map(({ table, rights }) => {
    const remedy = `revoke ${rights} on ${id(table)} from public, ${id(login)}`;
    return `login ${login} has rights of its own on table ${table} (${rights}); as its owner run: ${remedy}`;
  });
}

/** A relation of one's own would stand in for the service's in the transactions that come after on the connection. */
async function creationDefects(client: pg.Client, { database, schema }: Session): Promise<string[]> {
  const { rows } = await client.query<{ readonly holder: string; readonly right: string; readonly place: string }>(
    `select holder, r as right, 'database' as place from unnest(array[session_user::text, '${roleList}']) holder,
      unnest(array['CREATE', 'TEMPORARY']) r where has_database_privilege(holder::name, current_database(), r)
    union all
    select holder, 'CREATE', 'schema' from unnest(array[session_user::text, '${roleList}']) holder
      where has_schema_privilege(holder::name, current_schema(), 'CREATE')
    order by 3, 2, 1`,
  );
  return rows.map(({ holder, right, place }) => {
    const where = place === "database" ? `database ${id(database)}` : `schema ${id(schema ?? "public")}`;
    return `role ${holder} may create things (${right}) in ${where}; as its owner run: revoke ${right} on ${where} from public, ${id(holder)}`;
  });
}

interface PowerfulRole {
  readonly role: string;
  readonly power: string;
}

/** Roles that the login could SET ROLE to, those of the service included, with a power that none should have. */
async function roleDefects(client: pg.Client, { login }: Session): Promise<string[]> {
  const beyond = tableRights
    .map(
      (right) => `select t.name from t where ${hasRight("r.oid", `'${right}'`)}
      and not ${servingRoles.map((role) => hasRight(`'${role}'`, `'${right}'`)).join(" and not ")}`,
    )
    .join(" union all ");
  const { rows } = await client.query<PowerfulRole>(
    `with t as (${tables})
    select * from (
      select r.rolname as role, case
        when r.rolsuper then 'is a superuser'
        when r.rolbypassrls then 'has BYPASSRLS'
        when r.rolreplication then 'has REPLICATION'
        when r.rolcreaterole then 'has CREATEROLE'
        when exists (select from pg_roles f where pg_has_role(r.oid, f.oid, 'USAGE')
          and f.rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')) then 'reaches past SQL'
        when pg_has_role(r.oid, d.datdba, 'USAGE') then 'owns the database'
        when exists (select from t where pg_has_role(r.oid, t.owner, 'USAGE')) then 'owns the tables'
        when r.rolname not in ('${roleList}') and exists (${beyond}) then 'has more rights on the tables'
      end as power
      from pg_roles r, pg_database d
      where d.datname = current_database() and r.rolname <> session_user and pg_has_role(session_user, r.oid, 'MEMBER')
    ) roles where power is not null order by role`,
  );
  return rows.map(({ role, power }) => {
    const own = servingRoles.includes(role);
    const remedy = own ? "take that from it" : `as who granted it run: revoke ${id(role)} from ${id(login)}`;
    return `login ${login} may become ${role}, which ${power}; ${remedy}`;
  });
}

function id(name: string): string {
  return pg.escapeIdentifier(name);
}
