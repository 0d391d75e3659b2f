import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failToStart } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { databaseState } from "./database-state.ts";
import { escaped, expectRefusal } from "./refusal.ts";

const good = `plans:
  - code: small
    limits:
      - metric_code: seats
        limit: 5
        enforcement: HARD
      - metric_code: exports
        limit: 10
        enforcement: SOFT
`;

interface BadFile {
  readonly fault: string;
  /** What stands in the good file, and what stands there instead. */
  readonly change: readonly [string, string];
  readonly line: number;
  readonly reason: RegExp;
}

const badFiles: readonly BadFile[] = [
  {
    fault: "a value of the wrong type",
    change: ["limit: 5", 'limit: "5"'],
    line: 5,
    reason: /^plans\[0\]\.limits\[0\]\.limit is .*, but must be a whole number/,
  },
  {
    fault: "a key that is not known",
    change: ["enforcement: SOFT", "enforcment: SOFT"],
    line: 9,
    reason: /^plans\[0\]\.limits\[1\]\."enforcment" is not known; allowed: metric_code, enforcement, /,
  },
  {
    fault: "a metric that the plan has already",
    change: ["metric_code: exports", "metric_code: seats"],
    line: 7,
    reason: /^plans\[0\]\.limits\[1\]\.metric_code .*duplicate.*line 4/,
  },
  {
    fault: "a negative limit",
    change: ["limit: 10", "limit: -10"],
    line: 8,
    reason: /^plans\[0\]\.limits\[1\]\.limit /,
  },
  {
    fault: "a limit that was forgotten",
    change: ["        limit: 10\n", ""],
    line: 7,
    reason: /^plans\[0\]\.limits\[1\]\.limit /,
  },
  { fault: "a text that is no YAML", change: ["limits:\n", "limits: [\n"], line: 4, reason: /./ },
];

describe("a start with a plans file that is wrong", () => {
  let folder: string;
  let database: TestDatabase;

  const start = (plansFile: string) => {
    const { serviceUrl, ownerUrl } = database;
    return failToStart({ DATABASE_URL: serviceUrl, DATABASE_OWNER_URL: ownerUrl, PLANS_FILE: plansFile }, folder);
  };
  const state = () => databaseState(database.superuserUrl, new URL(database.serviceUrl).username);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "quota-test-"));
    database = await createTestDatabase({ migrated: false });
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
    await database.drop();
  });

  it.each(badFiles)("names file, line and reason of $fault, and changes nothing", async ({ change, line, reason }) => {
    const [before, after] = change;
    expect(good).toContain(before);
    await writeFile(join(folder, "plans.yaml"), good.replace(before, after));
    const unchanged = await state();
    const failed = await start("plans.yaml");
    expectRefusal(failed, new RegExp(`^plans\\.yaml:${line}: ${reason.source.replace(/^\^/, "")}`));
    expect(await state()).toEqual(unchanged);
  });

  it("names a file that is missing, and changes nothing", async () => {
    const missing = join(folder, "missing.yaml");
    const unchanged = await state();
    expectRefusal(await start(missing), new RegExp(`^${escaped(missing)}: cannot be read .*there is no such file$`));
    expect(await state()).toEqual(unchanged);
  });
});
