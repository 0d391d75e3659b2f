import { type BenchDatabase, BenchPostgres } from "./environment/bench-postgres.ts";
import { createTemplate } from "./environment/seed.ts";
import type { ServerProcess } from "./environment/server-process.ts";
import { type BenchServerName, startBenchServer, startService } from "./environment/service-process.ts";
import { LoadGenerator } from "./load/load-generator.ts";

export interface BenchOptions {
  readonly dataDir: string;
  /** Events of the tenant whose long list is read. */
  readonly listedEvents: number;
  /** By which every flush of the write-ahead log is delayed; 0: not at all. */
  readonly flushDelayUs: number;
  readonly log: (line: string) => void;
}

/** What arms work with: PostgreSQL, the load generator, and servers and databases that are made when first asked for. */
export class Bench {
  readonly options: BenchOptions;
  readonly postgres: BenchPostgres;
  readonly generator: LoadGenerator;
  readonly #template: BenchDatabase;
  readonly #databases = new Map<string, Promise<BenchDatabase>>();
  readonly #servers = new Map<string, Promise<ServerProcess>>();
  readonly #acknowledged = new Map<BenchDatabase, number>();

  private constructor(
    options: BenchOptions,
    postgres: BenchPostgres,
    template: BenchDatabase,
    generator: LoadGenerator,
  ) {
    this.options = options;
    this.postgres = postgres;
    this.#template = template;
    this.generator = generator;
  }

  static async start(options: BenchOptions): Promise<Bench> {
    const postgres = await BenchPostgres.start(options.dataDir, options.flushDelayUs);
    try {
      return new Bench(options, postgres, await createTemplate(postgres), new LoadGenerator());
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  /** A seeded database of this run. */
  async database(shortName: string): Promise<BenchDatabase> {
    return await remembered(this.#databases, shortName, () => this.postgres.create(shortName, this.#template));
  }

  /** The service on such a database; `instance` tells several of them apart. */
  async service(shortName: string, instance = 1): Promise<ServerProcess> {
    return await this.serviceOn(await this.database(shortName), instance);
  }

  /** The service on any migrated database. */
  async serviceOn(database: BenchDatabase, instance = 1): Promise<ServerProcess> {
    return await remembered(this.#servers, `service ${database.name} ${instance}`, () => startService(database));
  }

  /** A server to compare with, under a name of its own for each environment. */
  async server(name: BenchServerName, env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
    return await remembered(this.#servers, `${name} ${JSON.stringify(env)}`, () => startBenchServer(name, env));
  }

  /** Remembers how many events a database must hold besides those of the seed. */
  addAcknowledged(database: BenchDatabase, events: number): void {
    this.#acknowledged.set(database, (this.#acknowledged.get(database) ?? 0) + events);
  }

  get acknowledged(): ReadonlyMap<BenchDatabase, number> {
    return this.#acknowledged;
  }

  /** Stops everything, and drops this run's databases. */
  async stop(): Promise<void> {
    await this.generator.stop();
    for (const server of this.#servers.values()) await server.then((started) => started.stop()).catch(() => undefined);
    for (const shortName of this.#databases.keys()) await this.postgres.drop(shortName);
    await this.postgres.stop();
  }
}

/** Made once; whoever comes meanwhile waits for the same one. */
async function remembered<T>(made: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = made.get(key);
  if (known !== undefined) return await known;
  const making = make();
  made.set(key, making);
  return await making;
}
