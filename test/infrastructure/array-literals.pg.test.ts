import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { canonicalJson } from "../../src/domain/canonical-json.ts";
import { plainArray, textArray, timestampArray } from "../../src/infrastructure/database/array-literals.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

async function backFrom(type: string, literal: string): Promise<unknown> {
  const { rows } = await client.query(`select to_json($1::${type}[]) as read`, [literal]);
  return rows[0].read;
}

/** What a bound allows in a key or code, and more: everything but control characters, halves of characters and U+0000. */
const text = fc.string({ unit: "grapheme" }).filter((value) => !/\p{Cc}|\p{Cs}/u.test(value));

it("an array of texts comes back as it was, whatever quotes, backslashes, commas and braces it holds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text)), async (values) => {
      expect(await backFrom("text", textArray(values))).toEqual(values);
    }),
  );
  const hard = ["", "null", "NULL", '"', "\\", '\\"', "{}", "a,b", " a ", "\u2028", "\u007f", "😀"];
  expect(await backFrom("text", textArray([...hard, null]))).toEqual([...hard, null]);
});

it("an array of canonical JSON comes back as it was, line breaks and U+001F in its texts included", async () => {
  const value = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(fc.array(value), async (values) => {
      const texts = values.map((one) => canonicalJson(one as never)).filter((one) => !one.includes("\\u0000"));
      expect(await backFrom("text", textArray(texts))).toEqual(texts);
    }),
  );
});

it("numbers, words and nulls come back as they were", async () => {
  expect(await backFrom("bigint", plainArray([0n, 2n ** 53n - 1n, null, -1n]))).toEqual([0, 2 ** 53 - 1, null, -1]);
  expect(await backFrom("text", plainArray(["HARD", "SUBSCRIBED_PLAN"]))).toEqual(["HARD", "SUBSCRIBED_PLAN"]);
  expect(await backFrom("text", plainArray([]))).toEqual([]);
});

it("instants come back to the millisecond, the first and the last that there are included", async () => {
  const instants = [0, 1, Date.UTC(2026, 1, 29, 23, 59, 59, 999), Date.UTC(9999, 11, 31, 23, 59, 59, 999)];
  const { rows } = await client.query("select unnest($1::timestamptz[]) as read", [
    timestampArray([...instants, ...instants]),
  ]);
  expect(rows.map(({ read }) => read.getTime())).toEqual([...instants, ...instants]);
});
