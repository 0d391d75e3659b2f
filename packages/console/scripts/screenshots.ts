/**
 * Takes the pictures in the README of a service that `seed-demo.ts` has filled, in both themes:
 *
 *     CHROMIUM_PATH=/usr/bin/chromium node packages/console/scripts/screenshots.ts http://127.0.0.1:8080 TENANT [KEY]
 *
 * The tenant and the key are those that the seed names.
 */
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

const [origin, tenantId, key] = process.argv.slice(2);
if (origin === undefined || tenantId === undefined) throw new Error("name the service's address and a tenant");
const executablePath = process.env["CHROMIUM_PATH"];
if (executablePath === undefined) throw new Error("CHROMIUM_PATH is missing: the file of a Chromium");

const folder = join(import.meta.dirname, "..", "..", "..", "docs", "screenshots");
/** Wide enough for every column of the page. */
const listWidth = 1_640;
const width = 1_440;
/** Fields for dates are written in the browser's own language, and Debian's Chromium brings this one alone. */
const language = "en-US";

interface Picture {
  readonly name: string;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly prepare?: (page: Page) => Promise<void>;
}

const pictures: readonly Picture[] = [
  { name: "overview", width, path: "", height: 1_120 },
  { name: "records", width: listWidth, path: "records", height: 900 },
  {
    name: "events",
    width: listWidth,
    path: "events",
    height: 900,
    prepare: async (page) => await unfold(page, "tracked_products"),
  },
  { name: "tenant", width, path: `tenant?id=${tenantId}`, height: 1_160 },
  {
    name: "changes",
    width: listWidth,
    path: "changes",
    height: 900,
    prepare: async (page) => await unfold(page, "limits[exports]"),
  },
];

async function unfold(page: Page, text: string): Promise<void> {
  await page.locator("tr[data-row]", { hasText: text }).first().getByRole("button", { name: "Details" }).click();
}

async function settle(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
}

async function take(browser: Browser, picture: Picture, colorScheme: "light" | "dark"): Promise<void> {
  const { name, path, prepare } = picture;
  const page = await browser.newPage({
    viewport: { width: picture.width, height: picture.height },
    colorScheme,
    locale: language,
    timezoneId: "Europe/Berlin",
    reducedMotion: "reduce",
  });
  await page.goto(`${origin}/console/${path}`);
  if (key !== undefined) {
    await page.getByLabel("API key or token").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Refresh" }).waitFor();
  }
  await settle(page);
  await prepare?.(page);
  await settle(page);
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(folder, `console-${name}-${colorScheme}.png`) });
  await page.close();
}

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", `--lang=${language}`],
});
try {
  for (const picture of pictures) {
    for (const colorScheme of ["light", "dark"] as const) await take(browser, picture, colorScheme);
  }
} finally {
  await browser.close();
}
