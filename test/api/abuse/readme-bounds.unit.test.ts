import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { connectionBounds } from "../../../src/api/abuse/connection-bounds.ts";
import { defaultDoorBounds } from "../../../src/api/abuse/door-bounds.ts";
import { parseConfig } from "../../../src/config/parse-config.ts";

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const section = /^<!-- bounds -->\n(.*?)^<!-- \/bounds -->$/ms;

/** As the table writes them: `1024`, `20/s, burst 100`. */
function text(bound: (typeof connectionBounds)[keyof typeof connectionBounds]): string {
  return typeof bound === "number" ? String(bound) : `${bound.perSecond}/s, burst ${bound.burst}`;
}

it("the README's table of fixed bounds has every one of them with its value, and no other", () => {
  const rows = [...(section.exec(readme)?.[1] ?? "").matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)];
  expect(Object.fromEntries(rows.map(([, name, value]) => [name, value]))).toEqual(
    Object.fromEntries(Object.entries(connectionBounds).map(([name, bound]) => [name, text(bound)])),
  );
});

it("a door that is started without a configuration has the defaults of one", () => {
  expect(parseConfig({}).bounds).toEqual(defaultDoorBounds);
});
