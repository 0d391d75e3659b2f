import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configTableMarkdown } from "../../src/config/config-table.ts";
import { configVariables } from "../../src/config/config-variables.ts";

const readme = join(import.meta.dirname, "../../README.md");
const section = /^<!-- configuration -->\n(.*?)^<!-- \/configuration -->$/ms;

test("the README has the configuration table that the code gives", () => {
  const table = section.exec(readFileSync(readme, "utf8"))?.[1]?.trim();
  const expected = configTableMarkdown();
  expect(
    table === expected,
    `README.md must have this between <!-- configuration --> and <!-- /configuration -->:\n\n${expected}\n`,
  ).toBe(true);
});

test("the table has a row of four filled cells for every variable", () => {
  const rows = configTableMarkdown().split("\n").slice(2);
  expect(rows).toHaveLength(configVariables.length);
  for (const [index, { name }] of configVariables.entries()) {
    expect(rows[index]).toMatch(new RegExp(`^\\| \`${name}\` (\\| [^|]*[^| ][^|]* ){3}\\|$`));
  }
});

test("no variable is declared twice", () => {
  const names = configVariables.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
