import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { plansFileBytesMax, readPlansFile } from "../../src/plans-file/read-plans-file.ts";

const plans = "plans: [{ code: starter, limits: [] }]\n";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "quota-plans-"));
  file = join(folder, "plans.yaml");
});

afterEach(() => rmSync(folder, { recursive: true }));

async function messageOf(fileName: string): Promise<string> {
  const error = await readPlansFile(fileName).then(
    () => new Error("the file was accepted"),
    (reason: Error) => reason,
  );
  expect(error.name).toBe("PlansFileError");
  return error.message;
}

test("a file is read, through a symbolic link too", async () => {
  writeFileSync(file, `\ufeff${plans}`);
  symlinkSync(file, join(folder, "link.yaml"));
  expect((await readPlansFile(file)).plans).toHaveLength(1);
  expect((await readPlansFile(join(folder, "link.yaml"))).fileName).toBe(join(folder, "link.yaml"));
});

test("a missing file is refused in one line that names it", async () => {
  expect(await messageOf(file)).toBe(`${file}: cannot be read (PLANS_FILE): there is no such file`);
});

test("a folder is refused", async () => {
  mkdirSync(file);
  expect(await messageOf(file)).toBe(`${file}: is not a file`);
});

test("a pipe is refused instead of being waited for", async () => {
  execFileSync("mkfifo", [file]);
  expect(await messageOf(file)).toBe(`${file}: is not a file`);
});

test("a path through a file is refused with the system's reason", async () => {
  writeFileSync(file, plans);
  expect(await messageOf(join(file, "x.yaml"))).toMatch(/: cannot be read \(PLANS_FILE\): ENOTDIR: .*$/);
});

test("a path that no system takes is refused", async () => {
  expect(await messageOf("a\0b")).toMatch(/^a\\u0000b: cannot be read \(PLANS_FILE\): [^\n]*$/);
});

test("a file of the largest size is read, and one byte more is refused", async () => {
  writeFileSync(file, plans.padEnd(plansFileBytesMax, `#${"-".repeat(98)}\n`));
  expect((await readPlansFile(file)).plans).toHaveLength(1);
  writeFileSync(file, plans.padEnd(plansFileBytesMax + 1, `#${"-".repeat(98)}\n`));
  expect(await messageOf(file)).toBe(`${file}: is 1048577 bytes, at most 1048576 are allowed`);
});

test("a file larger than memory is refused by its size, unread", async () => {
  writeFileSync(file, plans);
  truncateSync(file, 4 * 1024 ** 3);
  expect(await messageOf(file)).toBe(`${file}: is 4294967296 bytes, at most 1048576 are allowed`);
});

test("bytes that are not UTF-8 are refused with their line", async () => {
  writeFileSync(file, Buffer.from(`${plans}# \u00e4\n# Z\u00fcrich`, "latin1"));
  expect(await messageOf(file)).toBe(`${file}:2: is not text in UTF-8`);
  writeFileSync(file, Buffer.concat([Buffer.from(`${plans}# \u00e4\n# `), Buffer.from([0xe2, 0x82])]));
  expect(await messageOf(file)).toBe(`${file}:3: is not text in UTF-8`);
});

test("the file's problems carry its name", async () => {
  writeFileSync(file, "plans:\n  - code: 5\n    limits: []\n");
  expect(await messageOf(file)).toMatch(new RegExp(`^${file}:2: plans\\[0\\]\\.code is "5"`));
});

test("the example that an embedded start reads is good", async () => {
  const example = await readPlansFile(join(import.meta.dirname, "../../examples/plans.yaml"));
  expect(example.plans.map(({ code }) => code)).toEqual(["starter", "pro", "enterprise"]);
  expect(example.plans.filter(({ isDefault }) => isDefault)).toEqual([]);
  expect(example.plans[0]?.limits).toEqual([
    { metricCode: "api_calls", limit: 1_000n, enforcement: "SOFT", periodKind: "MONTH" },
    { metricCode: "exports", limit: 10n, enforcement: "HARD", periodKind: "DAY" },
    { metricCode: "searches", limit: null, enforcement: "SOFT", periodKind: "MONTH" },
    { metricCode: "tracked_products", limit: 50n, enforcement: "HARD", periodKind: "MONTH" },
  ]);
  expect(example.subscriptions).toEqual([
    { tenantId: "11111111-1111-4111-8111-111111111111", planCode: "starter", timeZone: "Europe/Berlin" },
  ]);
});
