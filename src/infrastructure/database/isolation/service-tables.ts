/** Rights that a column can have by itself. */
export const columnRights = ["SELECT", "INSERT", "UPDATE", "REFERENCES"];

/** Every right on a table that all supported versions of PostgreSQL know. */
export const tableRights = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];

/** SQL of the service's tables: those that a login finds by their names alone. */
export const tables = `select c.oid, c.relname as name, c.relowner as owner from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm') and c.relname like 'quota\\_%' and n.nspname = any (current_schemas(false))`;
