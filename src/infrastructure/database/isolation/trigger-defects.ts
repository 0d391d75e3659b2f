import pg from "pg";
import { entities } from "../entities/all-entities.ts";

/** A trigger that refuses statements on a table whose rows stay as they are. */
interface WantedTrigger {
  readonly table: string;
  readonly name: string;
  readonly events: readonly TriggerEvent[];
  /** PL/pgSQL that the table's function consists of. */
  readonly body: string;
}

/** Bits of `pg_trigger.tgtype` (PostgreSQL's pg_trigger.h). No bit for rows means: for each statement. */
const beforeBit = 2;
const eventBits = { delete: 8, update: 16, truncate: 32 };

type TriggerEvent = keyof typeof eventBits;

interface FoundTrigger {
  /** O: in force; A: under replication too; R: under replication alone; D: never. */
  readonly enabled: string;
  readonly type: number;
  readonly isConditional: boolean;
  readonly calls: string;
  readonly body: string;
}

const foundSql = `
  select t.tgenabled as enabled, t.tgtype::int as type, t.tgqual is not null or t.tgattr::text <> '' as "isConditional",
    p.proname as calls, p.prosrc as body
  from pg_trigger t join pg_proc p on p.oid = t.tgfoid
  where t.tgrelid = to_regclass($1) and t.tgname = $2 and not t.tgisinternal`;

/**
 * Triggers that keep what was acknowledged from being changed, and that are missing, disabled or not this version's; one line a
 * defect, with its remedy. They bind the owner and superusers too, whom rights do not.
 */
export async function triggerDefects(client: pg.Client): Promise<string[]> {
  const defects: string[] = [];
  for (const wanted of wantedTriggers()) {
    const { rows } = await client.query<FoundTrigger>(foundSql, [wanted.table, wanted.name]);
    const defect = defectOf(wanted, rows[0]);
    if (defect !== undefined) defects.push(defect);
  }
  return defects;
}

/** Those that the entities declare, and beside each the one against TRUNCATE, which the ORM cannot. */
function wantedTriggers(): WantedTrigger[] {
  return entities.flatMap(({ meta }) =>
    (meta.triggers ?? []).flatMap(({ name, body }) => {
      if (typeof body !== "string") throw new Error(`the trigger ${name} is declared in a way that cannot be compared`);
      const common = { table: meta.tableName, body };
      return [
        { ...common, name: String(name), events: ["update", "delete"] as const },
        { ...common, name: `${name}_truncate`, events: ["truncate"] as const },
      ];
    }),
  );
}

function defectOf(wanted: WantedTrigger, found: FoundTrigger | undefined): string | undefined {
  const { table, name } = wanted;
  if (found === undefined) {
    return `table ${table} lacks the trigger ${name}, which keeps its rows as they are; ${asOwner(createSql(wanted))}`;
  }
  if (!isSame(wanted, found)) {
    const remedy = asOwner(`drop trigger ${id(name)} on ${id(table)}; ${createSql(wanted)}`);
    return `trigger ${name} of table ${table}, which keeps its rows as they are, is not this version's; ${remedy}`;
  }
  if (found.enabled === "O" || found.enabled === "A") return undefined;
  const remedy = asOwner(`alter table ${id(table)} enable trigger ${id(name)}`);
  return `trigger ${name} of table ${table}, which keeps its rows as they are, is disabled; ${remedy}`;
}

function isSame(wanted: WantedTrigger, found: FoundTrigger): boolean {
  const type = wanted.events.reduce((bits, event) => bits | eventBits[event], beforeBit);
  const isFunction = found.calls === functionOf(wanted) && inOneLine(found.body) === sourceOf(wanted);
  return found.type === type && !found.isConditional && isFunction;
}

function functionOf({ table }: WantedTrigger): string {
  return `${table}_immutable_fn`;
}

function sourceOf({ body }: WantedTrigger): string {
  return `begin ${body}; end;`;
}

function createSql(wanted: WantedTrigger): string {
  const call = `${id(functionOf(wanted))}()`;
  return (
    `create or replace function ${call} returns trigger as $$ ${sourceOf(wanted)} $$ language plpgsql; ` +
    `create trigger ${id(wanted.name)} before ${wanted.events.join(" or ")} on ${id(wanted.table)} ` +
    `for each statement execute function ${call}`
  );
}

function asOwner(sql: string): string {
  return `as its owner run: ${sql}`;
}

function inOneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ");
}

function id(name: string): string {
  return pg.escapeIdentifier(name);
}
