import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { textArray } from "../../src/infrastructure/database/binary-arrays.ts";
import { codeOf, isConnectionLoss } from "../../src/infrastructure/database/database-errors.ts";
import { openPipelinedPool } from "../../src/infrastructure/database/pipelined-pool.ts";
import { PipelinedTransactions, type Statement } from "../../src/infrastructure/database/pipelined-transactions.ts";
import { testTimeouts } from "../support/postgres-storage.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

/** Longer than a busy machine is silent by itself. */
const patientMs = 30_000;

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  await database.drop();
});

/** With one connection, so that each transaction meets what the one before has left. */
function open(namedStatements = true, answerTimeoutMs = patientMs): PipelinedTransactions {
  const pool = openPipelinedPool({ url: database.serviceUrl, max: 1, connectTimeoutMs: 5_000 });
  return new PipelinedTransactions(pool, { timeouts: testTimeouts, answerTimeoutMs, namedStatements });
}

const echo: Statement = { name: "echo", sql: "select a, $2::int, $3::text from unnest($1::text[]) as a" };
const sleep: Statement = { name: "sleep", sql: "select pg_sleep($1)" };
const backend: Statement = { name: "backend", sql: "select pg_backend_pid()" };
const divide: Statement = { name: "divide", sql: "select 1 / $1::int" };

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe.each([true, false])("with statements named: %s", (isNamed) => {
  it("answers rows of texts in the order of the calls, in one transaction after the other", async () => {
    const transactions = open(isNamed);
    const texts = ['a "b"', "c\\d", "ü€😀", "{e,f}", null];
    for (const number of [7, 8]) {
      const transaction = await transactions.open([]);
      const answers = Promise.all([
        transaction.query(echo, [textArray(texts), number, null]),
        transaction.query(divide, [1]),
        transaction.query(echo, [textArray([]), number, ""]),
      ]);
      expect(await answers).toEqual([texts.map((text) => [text, String(number), null]), [["1"]], []]);
      await transaction.commit();
    }
    await transactions.close();
  });

  it("reports the first failure for every statement and the commit", async () => {
    const transactions = open(isNamed);
    const transaction = await transactions.open([]);
    const statements = [transaction.query(divide, [0]), transaction.query(divide, [1])];
    const failures = await Promise.all(statements.map(failureOf));
    expect(failures.map(codeOf)).toEqual(["22012", "22012"]);
    expect(codeOf(await failureOf(transaction.commit()))).toBe("22012");
    await transaction.rollback();
    expect(await transactions.read([], divide, [1])).toEqual([["1"]]);
    await transactions.close();
  });
});

it("says who asked for the statement that failed", async () => {
  const transactions = open();
  const transaction = await transactions.open([]);
  const failure = await failureOf(transaction.query(divide, [0]));
  expect(failure instanceof Error ? failure.stack : "").toContain("PipelinedTransaction.query");
  await transaction.rollback();
  await transactions.close();
});

it("closes a connection that does not answer, and takes no late answer for the next query's", async () => {
  const transactions = open(true, 1_000);
  const silent = await transactions.open([]);
  const failures = await Promise.all([silent.query(sleep, [30]), silent.query(divide, [1])].map(failureOf));
  expect(failures.map(isConnectionLoss)).toEqual([true, true]);
  await silent.rollback();
  for (const number of [1, 2]) {
    expect(await transactions.read([], echo, [textArray(["x"]), number, null])).toEqual([["x", String(number), null]]);
  }
  await transactions.close();
});

it("lets statements that were sent together take longer than an answer may, as long as each answer comes", async () => {
  const transactions = open(true, 1_000);
  const transaction = await transactions.open([]);
  await Promise.all([0.4, 0.4, 0.4, 0.4].map((seconds) => transaction.query(sleep, [seconds])));
  // Nothing is unanswered, so nobody is silent.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await transaction.commit();
  await transactions.close();
});

it("refuses a name that stands for another statement, and goes on", async () => {
  const transactions = open();
  expect(await transactions.read([], divide, [1])).toEqual([["1"]]);
  const other = { ...divide, sql: "select 2 / $1::int" };
  expect(await failureOf(transactions.read([], other, [1]))).toEqual(new Error("two statements have the name divide"));
  expect(await transactions.read([], divide, [1])).toEqual([["1"]]);
  await transactions.close();
});

it("gives up a connection on which a query was sent in part", async () => {
  const transactions = open();
  const before = await transactions.read([], backend, []);
  const transaction = await transactions.open([]);
  const unfit = {} as unknown as string;
  expect(await failureOf(transaction.query(divide, [unfit]))).toBeInstanceOf(TypeError);
  await transaction.rollback();
  expect(await transactions.read([], divide, [1])).toEqual([["1"]]);
  expect(await transactions.read([], backend, [])).not.toEqual(before);
  await transactions.close();
});

it("replaces a connection that the server has ended", async () => {
  const transactions = open();
  const ended = await transactions.open([]);
  const pid = (await ended.query(backend, []))[0]?.[0];
  const asleep = Promise.all([ended.query(sleep, [30]), ended.query(divide, [1])].map(failureOf));
  const admin = new pg.Client({ connectionString: database.superuserUrl });
  await admin.connect();
  await admin.query("select pg_terminate_backend($1, 5000)", [pid]);
  await admin.end();
  expect((await asleep).map(isConnectionLoss)).toEqual([true, true]);
  await ended.rollback();
  expect(await transactions.read([], divide, [1])).toEqual([["1"]]);
  await transactions.close();
});
