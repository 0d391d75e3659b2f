import { checkSchema, checkServer } from "./check-database.ts";
import { migrate } from "./migration/migrate.ts";
import { checkSameDatabase } from "./migration/same-database.ts";

/**
 * Checks server and login, migrates where the owner's URL is given, and checks that the schema is this code's.
 *
 * @returns the names of the migrations that were run
 * @throws StartError in one line that says what to do; nothing was changed when the server or login was refused
 */
export async function prepareDatabase(url: string, ownerUrl: string | undefined): Promise<readonly string[]> {
  const servingLogin = await checkServer(url);
  const executed = ownerUrl === undefined ? [] : await migrateAsOwner(url, ownerUrl, servingLogin);
  await checkSchema(url);
  return executed;
}

async function migrateAsOwner(url: string, ownerUrl: string, servingLogin: string): Promise<readonly string[]> {
  await checkSameDatabase(url, ownerUrl);
  return await migrate(ownerUrl, servingLogin);
}
