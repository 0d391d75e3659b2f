import { randomUUID } from "node:crypto";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { canonicalJson } from "../../src/domain/canonical-json.ts";
import {
  bigintArray,
  jsonbArray,
  textArray,
  timestampArray,
  uuidArray,
} from "../../src/infrastructure/database/binary-arrays.ts";
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

/** What the server has understood, element by element in its own text form. */
async function understood(type: string, array: Buffer): Promise<(string | null)[]> {
  const { rows } = await client.query(`select element::text as text from unnest($1::${type}[]) as element`, [array]);
  return rows.map(({ text }) => text);
}

/** What a bound allows in a key or code, and more: everything but halves of characters and U+0000. */
const text = fc.string({ unit: "grapheme", maxLength: 100 }).filter((value) => !/\0|\p{Cs}/u.test(value));

it("texts come back as they were, long ones, nulls and what would need quotes in a literal included", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text)), async (values) => {
      expect(await understood("text", textArray(values))).toEqual(values);
    }),
  );
  const hard = [
    "",
    "null",
    '"',
    "\\",
    "{}",
    "a,b",
    " a ",
    "\u0001",
    "\u2028",
    "\u007f",
    "\u0080",
    "😀",
    "é".repeat(60),
  ];
  const lengths = [47, 48, 49, 50, 8192].map((length) => "x".repeat(length));
  const values = [...hard, null, ...lengths, `${"x".repeat(47)}é`];
  expect(await understood("text", textArray(values))).toEqual(values);
});

it("canonical JSON is the same value as jsonb", async () => {
  const value = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(fc.array(value), async (values) => {
      const texts = values.map((one) => canonicalJson(one as never)).filter((one) => !one.includes("\\u0000"));
      const { rows } = await client.query(
        "select element = text::jsonb as same from unnest($1::jsonb[], $2::text[]) as e (element, text)",
        [jsonbArray(texts), textArray(texts)],
      );
      expect(rows).toEqual(texts.map(() => ({ same: true })));
    }),
  );
});

it("whole numbers of 64 bits come back as they were", async () => {
  const whole = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(whole)), async (values) => {
      expect(await understood("bigint", bigintArray(values))).toEqual(values.map((one) => one?.toString() ?? null));
    }),
  );
  const powers = [31n, 32n, 33n, 53n, 54n, 63n].map((exponent) => 2n ** exponent);
  const edges = [0n, ...powers.flatMap((power) => [power - 1n, -power, -power + 1n])];
  expect(await understood("bigint", bigintArray(edges))).toEqual(edges.map(String));
});

it("instants come back to the millisecond, the first and the last that there are included", async () => {
  const first = Date.UTC(-1, 0, 1);
  const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
  const postgresEpoch = Date.UTC(2000, 0, 1);
  const instant = fc.integer({ min: 0, max: last });
  const edges = [
    0,
    1,
    -1,
    last,
    first,
    postgresEpoch,
    postgresEpoch - 1,
    postgresEpoch + 2 ** 32,
    Date.UTC(2026, 1, 29),
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(instant), async (instants) => {
      const all = [...edges, ...instants];
      const { rows } = await client.query(
        "select (extract(epoch from element) * 1000000)::bigint::text as micros from unnest($1::timestamptz[]) as element",
        [timestampArray(all)],
      );
      expect(rows.map(({ micros }) => BigInt(micros))).toEqual(all.map((one) => BigInt(one) * 1000n));
    }),
  );
});

it("what is no whole millisecond is no instant", () => {
  for (const other of [Number.NaN, Number.POSITIVE_INFINITY, 1.5]) {
    expect(() => timestampArray([0, other]), String(other)).toThrow(`${other} is no instant`);
  }
});

it("UUIDs come back as they were, and no other text passes for one", async () => {
  const ids = [
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "01234567-89ab-cdef-0123-456789abcdef",
  ];
  const all = [...ids, ...Array.from({ length: 300 }, () => randomUUID())];
  expect(await understood("uuid", uuidArray(all))).toEqual(all);
  const id = "01234567-89ab-cdef-0123-456789abcdef";
  for (const other of [
    "",
    id.toUpperCase(),
    id.slice(1),
    `${id}0`,
    id.replaceAll("-", "0"),
    id.replace("a", "é"),
    id.replace("a", "g"),
    id.replace("a", "š"),
  ]) {
    expect(() => uuidArray([id, other]), other).toThrow("no lower-case UUID");
  }
});

it("empty arrays are arrays", async () => {
  const empty = {
    uuid: uuidArray([]),
    bigint: bigintArray([]),
    text: textArray([]),
    jsonb: jsonbArray([]),
    timestamptz: timestampArray([]),
  };
  for (const [type, array] of Object.entries(empty)) {
    const { rows } = await client.query(`select $1::${type}[] = '{}' as is_empty`, [array]);
    expect(rows, type).toEqual([{ is_empty: true }]);
  }
});
