import { durationMs } from "@bufbuild/protobuf/wkt";
import pg from "pg";
import { expect } from "vitest";
import type { Refusal } from "../support/grpc-client.ts";
import type { TestApp } from "../support/test-app.ts";

/** Takes one test's database away, while the server goes on serving the others. */
export class Outages {
  readonly #admin: pg.Client;
  readonly #name: string;

  private constructor(admin: pg.Client, name: string) {
    this.#admin = admin;
    this.#name = name;
  }

  static async of(app: TestApp): Promise<Outages> {
    const url = new URL(app.database.superuserUrl);
    const name = url.pathname.slice(1);
    url.pathname = "/postgres";
    const admin = new pg.Client({ connectionString: url.href });
    await admin.connect();
    return new Outages(admin, name);
  }

  async close(): Promise<void> {
    await this.#admin.end();
  }

  /** Ends the service's connections, and waits until they are gone. */
  async cutConnections(): Promise<void> {
    await this.#admin.query(
      "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1 and usename <> current_user",
      [this.#name],
    );
  }

  /** The server is there and takes no connections to the database, as while it is being copied or restored. */
  async whileClosed(work: () => Promise<void>): Promise<void> {
    await this.#alter(this.#name, "allow_connections false");
    await this.cutConnections();
    try {
      await work();
    } finally {
      await this.#alter(this.#name, "allow_connections true");
    }
  }

  /** There is no database of the name, as after `drop database` and before the backup is restored. */
  async whileMissing(work: () => Promise<void>): Promise<void> {
    const aside = `${this.#name}_aside`;
    await this.#alter(this.#name, "allow_connections false");
    await this.cutConnections();
    await this.#alter(this.#name, `rename to ${aside}`);
    try {
      await work();
    } finally {
      await this.#alter(aside, `rename to ${this.#name}`);
      await this.#alter(this.#name, "allow_connections true");
    }
  }

  /** Others have taken every connection that the database has. */
  async whileFull(work: () => Promise<void>): Promise<void> {
    await this.#alter(this.#name, "connection limit 0");
    await this.cutConnections();
    try {
      await work();
    } finally {
      await this.#alter(this.#name, "connection limit -1");
    }
  }

  /** How many connections the service holds. */
  async connectionsOpen(): Promise<number> {
    const { rows } = await this.#admin.query(
      "select count(*)::int as open from pg_stat_activity where datname = $1 and usename <> current_user",
      [this.#name],
    );
    return rows[0].open;
  }

  async #alter(name: string, change: string): Promise<void> {
    await this.#admin.query(`alter database ${name} ${change}`);
  }

  /** DATABASE_UNAVAILABLE with a delay, and nothing of what the driver or the server said. */
  expectUnavailable(refusal: Refusal): void {
    expect([refusal.code, refusal.reason, refusal.info?.domain]).toEqual([
      "UNAVAILABLE",
      "DATABASE_UNAVAILABLE",
      "quota.v1",
    ]);
    const delay = refusal.retryInfo?.retryDelay;
    expect(delay === undefined ? 0 : durationMs(delay)).toBeGreaterThan(0);
    const told = `${refusal.message} ${JSON.stringify(refusal.info?.metadata)}`;
    expect(told).not.toMatch(
      /terminat|administrator|ECONN|socket|exist|accept|too many|lock|select |quota_|\d[0-9A-Z]{4}\b/,
    );
    expect(told).not.toContain(this.#name);
  }
}
