import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { query } from "./database-state.ts";

/** Logins of one test file. Roles belong to the whole server, which the test files share. */
export class TestLogins {
  /** What must never be printed. */
  readonly password = `hush${randomBytes(6).toString("hex")}`;
  readonly #superuserUrl = inject("postgres").superuserUrl;
  readonly #names: string[] = [];

  /** @param options as CREATE ROLE takes them, such as `noinherit` */
  async create(options: string): Promise<string> {
    const name = `quota_test_${randomBytes(6).toString("hex")}`;
    await query(this.#superuserUrl, `create role ${name} login password '${this.password}' ${options}`);
    this.#names.push(name);
    return name;
  }

  /** The URL with which the login enters the database that another URL names. */
  urlOf(login: string, databaseUrl: string): string {
    const url = new URL(databaseUrl);
    url.username = login;
    url.password = this.password;
    return url.href;
  }

  /** To be called when the databases in which they own something are gone. */
  async drop(): Promise<void> {
    for (const name of this.#names) await query(this.#superuserUrl, `drop role ${pg.escapeIdentifier(name)}`);
  }
}
