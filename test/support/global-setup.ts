import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { migrate } from "../../src/infrastructure/database/migration/migrate.ts";
import { startEmbeddedPostgres } from "../../src/infrastructure/embedded-postgres/start.ts";
import { onDatabase, templateDatabase } from "./database-names.ts";
import { createTestClock } from "./test-clock.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** URLs of the server that all test files share; each file makes databases of its own on it. */
    readonly postgres: { readonly ownerUrl: string; readonly serviceUrl: string; readonly superuserUrl: string };
  }
}

/** One PostgreSQL for all test files, with the settings of a real one: fsync and everything else that makes commits last. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "quota-test-"));
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings: { max_connections: "300" } });
  const { ownerUrl, serviceUrl, superuserUrl } = postgres;
  await createTemplate(superuserUrl, ownerUrl, serviceUrl);
  project.provide("postgres", { ownerUrl, serviceUrl, superuserUrl });
  return async () => {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

/** Migrated once, then copied for each file, which takes some 30 ms instead of a second. */
async function createTemplate(superuserUrl: string, ownerUrl: string, serviceUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  await client.query(`create database ${templateDatabase} owner ${pg.escapeIdentifier(new URL(ownerUrl).username)}`);
  await client.end();
  await migrate(onDatabase(ownerUrl, templateDatabase), new URL(serviceUrl).username);
  await createTestClock(onDatabase(ownerUrl, templateDatabase));
}
