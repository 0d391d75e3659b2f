import process from "node:process";
import { ConfigError } from "./config/config-error.ts";
import { type Environment, parseConfig } from "./config/parse-config.ts";
import { prepareDatabase } from "./infrastructure/database/prepare-database.ts";
import { describeStartFailure } from "./start-failure.ts";

/**
 * `npm run migrate`: what a start with DATABASE_OWNER_URL does to the database, for teams whose service must not hold
 * the owner's password.
 *
 * @returns one line that says what was done
 */
async function migrate(env: Environment): Promise<string> {
  const { database } = parseConfig(env);
  if (database.kind === "embedded") throw missing("DATABASE_URL");
  if (database.ownerUrl === undefined) throw missing("DATABASE_OWNER_URL");
  const executed = await prepareDatabase(database.url, database.ownerUrl);
  return executed.length === 0 ? "the schema is current, nothing to migrate" : `migrated: ${executed.join(", ")}`;
}

function missing(variable: string): ConfigError {
  return new ConfigError(variable, `${variable} is not set: migrating needs DATABASE_URL and DATABASE_OWNER_URL`);
}

try {
  // biome-ignore lint/style/noProcessEnv: a command of its own, beside main.ts
  process.stdout.write(`quota-service: ${await migrate(process.env)}\n`);
} catch (error) {
  process.stderr.write(`quota-service: ${describeStartFailure(error)}\n`);
  process.exit(1);
}
