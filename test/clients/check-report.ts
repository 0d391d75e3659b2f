/**
 * Reads what the faulty proxy noted of one client, and fails unless that client repeated what was lost, records under their
 * keys, with a deadline and its credential on every call.
 *
 * Usage: node check-report.ts REPORT API_KEY
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

interface Noted {
  readonly method: string;
  readonly isLost: boolean;
  readonly key?: string;
  readonly hasDeadline: boolean;
  readonly authorization?: string;
}

const [report = "", apiKey = ""] = process.argv.slice(2);
const noted = readFileSync(report, "utf8")
  .trimEnd()
  .split("\n")
  .map((line): Noted => JSON.parse(line));

const callsOf = (method: string) => noted.filter((call) => call.method === method).length;
assert.deepEqual(
  [callsOf("RecordUsage"), callsOf("CheckQuota"), callsOf("GetStatus"), callsOf("ListEvents")],
  [5, 3, 2, 3],
  "four records, two checks, one status and two pages, each first one repeated once",
);
const [first, second, ...others] = noted.filter(({ method }) => method === "RecordUsage").map(({ key }) => key);
assert.equal(second, first, "the record whose answer was lost is repeated with its key");
assert.equal(new Set([first, ...others]).size, 4, "every other record has a key of its own");
assert.ok(
  noted.every(({ key, method }) => method !== "RecordUsage" || (key ?? "") !== ""),
  "every record has a key",
);
assert.ok(
  noted.every(({ hasDeadline }) => hasDeadline),
  "every call has a deadline",
);
assert.ok(
  noted.every(({ authorization }) => authorization === `Bearer ${apiKey}`),
  "every call carries the credential",
);
