import type { MikroORM } from "@mikro-orm/postgresql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openOrm } from "../../src/infrastructure/database/orm.ts";
import { type OpenTransaction, Transactions } from "../../src/infrastructure/database/transactions.ts";
import { StorageCrowdedError } from "../../src/repositories/storage-errors.ts";
import { aTenant } from "../support/builders.ts";
import { testTimeouts } from "../support/postgres-storage.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

const waitingMax = 64;
const waitingOfTenantMax = 32;

/** One connection, which is held, so that whatever is opened waits. */
let database: TestDatabase;
let orm: MikroORM;
let transactions: Transactions;
let held: OpenTransaction | undefined;
let waiting: Promise<unknown>[];

beforeEach(async () => {
  database = await createTestDatabase();
  orm = await openOrm(database.serviceUrl, 1);
  transactions = new Transactions(orm, testTimeouts);
  held = await transactions.openAsApp([]);
  waiting = [];
});

afterEach(async () => {
  await release();
  await orm.close(true);
  await database.drop();
});

async function release(): Promise<void> {
  await held?.rollback();
  held = undefined;
  await Promise.allSettled(waiting);
}

const one = async (transaction: OpenTransaction) => (await transaction.query<{ n: number }>("select 1 as n", []))[0]?.n;

/** Opens at once as many as this; how many of them were turned away. */
async function crowd(count: number, open: () => Promise<unknown>): Promise<number> {
  let turnedAway = 0;
  for (let index = 0; index < count; index += 1) {
    const opened = open();
    opened.catch((error: unknown) => {
      if (error instanceof StorageCrowdedError) turnedAway += 1;
    });
    waiting.push(opened);
  }
  await new Promise((resolve) => setImmediate(resolve));
  return turnedAway;
}

/** As the units of work do it, which end their transactions by themselves. */
async function ended(opened: Promise<OpenTransaction>): Promise<void> {
  await (await opened).rollback();
}

describe("transactions that wait for a connection", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["of the reader", () => transactions.asReader(one)],
    ["of the reader in a snapshot", () => transactions.asReaderOfSnapshot(one)],
    ["of a tenant", () => transactions.asApp([aTenant()], one)],
    ["of a tenant in a snapshot", () => transactions.asAppOfSnapshot([aTenant()], one)],
    ["of no tenant", () => transactions.asApp([], one)],
    ["of credentials", () => transactions.asAuth(one)],
    ["that a unit of work of the control plane opens", () => ended(transactions.openAsApp([aTenant()]))],
    ["that a unit of work of keys opens", () => ended(transactions.openAsAuth())],
  ])("are at most 64, and those %s are no exception", async (_, open) => {
    expect(await crowd(waitingMax + 10, open)).toBe(10);
  });

  it("are one tenant's up to half of the places, so that the others are let in", async () => {
    const tenant = aTenant();
    expect(await crowd(200, () => ended(transactions.openAsApp([tenant])))).toBe(200 - waitingOfTenantMax);
    expect(await crowd(waitingMax - waitingOfTenantMax, () => transactions.asReader(one))).toBe(0);
  });

  it("do not keep the outcome of a commit from being asked for", async () => {
    const tenant = aTenant();
    await crowd(waitingMax, () => transactions.asReader(one));
    const asked = [transactions.lookUpAsApp([tenant])(one), transactions.lookUpAsAuth()(one)];
    waiting.push(...asked);
    await release();
    expect(await Promise.all(asked)).toEqual([1, 1]);
  });

  it("make room when they are served", async () => {
    const tenant = aTenant();
    expect(await crowd(waitingOfTenantMax, () => transactions.asApp([tenant], one))).toBe(0);
    await release();
    expect(await transactions.asApp([tenant], one)).toBe(1);
  });
});
