import type pg from "pg";
import { placeOf, type UrlVariable, withStartConnection } from "../connect-at-start.ts";
import { StartError } from "../start-error.ts";

/**
 * Refuses an owner's URL that leads elsewhere than the service's: another database would be migrated, and its owner
 * would hear of that too late. Names and addresses prove nothing, for a pooler may stand between.
 *
 * @throws StartError in one line; nothing was changed
 */
export async function checkSameDatabase(url: string, ownerUrl: string): Promise<void> {
  const [serving, owned] = await Promise.all([identify("DATABASE_URL", url), identify("DATABASE_OWNER_URL", ownerUrl)]);
  if (serving === owned) return;
  throw new StartError(
    `DATABASE_OWNER_URL: ${placeOf(ownerUrl)} is not the database of DATABASE_URL, ${placeOf(url)}; name the same one`,
  );
}

/** The cluster's number, made once by initdb, and the database's name in it. */
async function identify(variable: UrlVariable, url: string): Promise<string | undefined> {
  return await withStartConnection(variable, url, async (client: pg.Client) => {
    const { rows } = await client.query<{ readonly identity: string }>(
      "select system_identifier || ' ' || current_database() as identity from pg_control_system()",
    );
    return rows[0]?.identity;
  });
}
