import { beforeEach, expect, it } from "vitest";
import { OutageLog } from "../../src/api/errors/outage-log.ts";

let now = 0;
let lines: { fields: Record<string, unknown>; message: string }[];
let log: OutageLog;

beforeEach(() => {
  now = 0;
  lines = [];
  const sink = {
    debug: () => undefined,
    error: (fields: Record<string, unknown>, message: string) => void lines.push({ fields, message }),
  };
  log = new OutageLog(sink, () => now);
});

function outage(text: string): Record<string, unknown> {
  return { requestId: "r", reason: "DATABASE_UNAVAILABLE", err: new Error("gone", { cause: new Error(text) }) };
}

it("logs the first failure of a cause, and then one line in ten seconds with a count", () => {
  for (let call = 0; call < 1_000; call += 1) log.error(outage("refused"), "away");
  expect(lines).toHaveLength(1);
  now = 9_999;
  log.error(outage("refused"), "away");
  expect(lines).toHaveLength(1);
  now = 10_000;
  log.error(outage("refused"), "away");
  expect(lines.map(({ fields }) => fields["callsSinceLastLogged"])).toEqual([undefined, 1_001]);
});

it("logs another cause at once", () => {
  for (const text of ["refused", "too many connections", "refused"]) log.error(outage(text), "away");
  expect(lines).toHaveLength(2);
});

it("logs every failure that has no reason, which is a defect of ours", () => {
  for (let call = 0; call < 3; call += 1) log.error({ err: new Error("defect") }, "a call failed unexpectedly");
  expect(lines).toHaveLength(3);
});

it("remembers a bounded number of causes", () => {
  for (let cause = 0; cause < 1_000; cause += 1) log.error(outage(`cause ${cause}`), "away");
  expect(lines).toHaveLength(1_000);
  log.error(outage("cause 0"), "away");
  log.error(outage("cause 999"), "away");
  expect(lines).toHaveLength(1_001);
});

it("asks the log behind it what it writes, and without an answer takes it that it writes all", () => {
  const silent = { debug: () => undefined, error: () => undefined };
  expect(new OutageLog(silent).isLevelEnabled("debug")).toBe(true);
  for (const isEnabled of [true, false]) {
    expect(new OutageLog({ ...silent, isLevelEnabled: () => isEnabled }).isLevelEnabled("debug")).toBe(isEnabled);
  }
});
