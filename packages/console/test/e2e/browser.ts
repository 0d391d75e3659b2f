import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";

/** Everything that the console may ask for. A call of anything else, above all of what writes, fails the test. */
const readRpcs = new Set([
  "AdminService/ListUsageRecords",
  "AdminService/ListUsageEvents",
  "AdminService/ListRefusals",
  "AdminService/ListTenantsNearLimit",
  "AdminService/GetUsageSeries",
  "AdminService/ListChanges",
  "QuotaService/GetStatus",
  "SubscriptionService/GetSubscription",
  "SubscriptionService/ListLimitOverrides",
  "PlanService/GetPlan",
]);

/** A tab of the console, with what went wrong in it. */
export interface Tab {
  readonly page: Page;
  /** Errors of scripts, of the Content-Security-Policy, of the console, and calls that are none of the reads. */
  readonly complaints: string[];
}

const options = {
  // Debian's Chromium runs as root in CI, where its sandbox cannot; the other switches keep it from calling its makers.
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

/** Answers take milliseconds; what is not there after so long will not come. */
const actionTimeoutMs = 10_000;

let browser: Browser;
const contexts: BrowserContext[] = [];
const tabs: Tab[] = [];

/** Starts a browser for the file, and fails each test in whose tabs something went wrong that it did not expect. */
export function inBrowser(): void {
  beforeAll(async () => {
    const executablePath = process.env["CHROMIUM_PATH"];
    if (executablePath === undefined) throw new Error("CHROMIUM_PATH is missing; run.sh finds it");
    browser = await chromium.launch({ ...options, executablePath });
  });
  afterAll(async () => await browser.close());
  afterEach(async () => {
    const complaints = tabs.flatMap((tab) => tab.complaints);
    for (const context of contexts) await context.close();
    tabs.length = 0;
    contexts.length = 0;
    expect(complaints).toEqual([]);
  });
}

/**
 * Opens the console.
 *
 * @param path below `/console/`
 * @param prepare what happens before the page loads
 */
export async function openConsole(
  path: string,
  settings: BrowserContextOptions = {},
  {
    origin = inject("origin"),
    prepare,
  }: { readonly origin?: string; readonly prepare?: (page: Page) => Promise<unknown> } = {},
): Promise<Tab> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/London",
    ...settings,
  });
  contexts.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(actionTimeoutMs);
  const tab: Tab = { page, complaints: [] };
  tabs.push(tab);
  watch(tab, origin);
  await prepare?.(page);
  await page.goto(`${origin}/console/${path}`);
  return tab;
}

function watch({ page, complaints }: Tab, origin: string): void {
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  // Chromium reports violations of the policy here too.
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol === "blob:") return;
    if (url.origin !== origin) complaints.push(`a call to another place: ${url.href}`);
    const rpc = /^\/quota\.v1\.(.+)$/.exec(url.pathname)?.[1];
    if (rpc !== undefined && !readRpcs.has(rpc)) complaints.push(`a call that is no read: ${rpc}`);
  });
}

/** Waits until the page shows the text. */
export async function see(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).first().waitFor();
}

/** The texts of one column of the first table, by the name in its head. */
export async function columnTexts(page: Page, name: string): Promise<string[]> {
  const heads = await page.locator("main table").first().locator("thead th").allInnerTexts();
  const place = heads.findIndex((head) => head.replace(/[↑↓↕]/, "").trim() === name);
  if (place === -1) throw new Error(`no column ${name} among ${heads.join(", ")}`);
  return await page.locator(`main tbody tr[data-row] > :nth-child(${place + 1})`).allInnerTexts();
}

/** Waits until nothing is on its way. */
export async function settle(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
  await page.locator(".is-stale").first().waitFor({ state: "detached" });
}

/** Removes the complaints that a test provokes; those that are left still fail it. */
export function forgive({ complaints }: Tab, expected: RegExp): void {
  const rest = complaints.filter((complaint) => !expected.test(complaint));
  expect(rest.length, `no complaint fits ${expected}: ${complaints.join("; ")}`).toBeLessThan(complaints.length);
  complaints.splice(0, complaints.length, ...rest);
}
