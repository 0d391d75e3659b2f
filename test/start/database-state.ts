import pg from "pg";

const waitingPollMs = 10;

const waitingSql = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

/** Runs work on a connection of its own. */
async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Runs a statement on a connection of its own; the rows of its answer. */
export async function query<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  return await withClient(url, async (client) => (await client.query<Row>(sql, [...parameters])).rows);
}

const parts = {
  relations: `select relname, relkind, relowner::regrole::text, relacl::text, relrowsecurity, relforcerowsecurity
    from pg_class where relnamespace = 'public'::regnamespace order by relname`,
  functions: "select proname, proacl::text from pg_proc where pronamespace = 'public'::regnamespace order by proname",
  policies: "select policyname, tablename, roles::text, qual from pg_policies order by policyname",
};

/**
 * All that a start could change in a database: which relations, functions and policies there are, who may use them,
 * every row, and the roles that a login has. Equal before and after means that nothing was changed.
 *
 * @param url of the superuser, from whom nothing is hidden
 */
export async function databaseState(url: string, login: string): Promise<Record<string, unknown>> {
  return await withClient(url, async (client) => {
    const state: Record<string, unknown> = { roles: await rolesOf(url, login) };
    for (const [part, sql] of Object.entries(parts)) state[part] = (await client.query(sql)).rows;
    const { rows: tables } = await client.query<{ tablename: string }>(
      "select tablename from pg_tables where schemaname = 'public'",
    );
    for (const { tablename } of tables) {
      const table = pg.escapeIdentifier(tablename);
      state[`rows of ${tablename}`] = (await client.query(`select t::text from ${table} t order by 1`)).rows;
    }
    return state;
  });
}

/** The roles that the login was granted directly, with the options that say what it gains by them. */
export async function rolesOf(url: string, login: string): Promise<{ role: string; inherited: boolean }[]> {
  return await query(
    url,
    `select roleid::regrole::text as role, inherit_option as inherited from pg_auth_members
      where member = (select oid from pg_roles where rolname = $1) order by role`,
    [login],
  );
}

/**
 * Runs work while a transaction with this statement is open, then rolls it back: whoever has to wait for it goes on.
 *
 * @param work is given a function that returns when this many others wait
 */
export async function withOpenTransaction(
  url: string,
  sql: string,
  work: (othersWait: (count: number) => Promise<void>) => Promise<void>,
): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`begin; ${sql}`);
    await work(async (count) => {
      for (;;) {
        // Within a transaction PostgreSQL would go on showing what it has shown once.
        await client.query("select pg_stat_clear_snapshot()");
        const { rows } = await client.query(waitingSql);
        if (rows.length >= count) return;
        await new Promise((resolve) => setTimeout(resolve, waitingPollMs));
      }
    });
  });
}
