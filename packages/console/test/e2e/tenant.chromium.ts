import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { columnTexts, inBrowser, openConsole, see, settle } from "./browser.ts";
import { busyTenant, refusedTenant, strayTenant } from "./seed.ts";

inBrowser();

/** A canvas has no text to read: what is written onto it is kept as it is written. */
async function keepDrawnTexts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const texts: string[] = [];
    Object.assign(globalThis, { drawnTexts: texts });
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function keep(...args) {
      texts.push(args[0]);
      write.apply(this, args);
    };
  });
}

async function drawnTexts(page: Page): Promise<string[]> {
  return await page.evaluate(() => (globalThis as unknown as { drawnTexts: string[] }).drawnTexts);
}

async function forgetDrawnTexts(page: Page): Promise<void> {
  await page.evaluate(() => {
    (globalThis as unknown as { drawnTexts: string[] }).drawnTexts.length = 0;
  });
}

describe("a tenant's page", () => {
  it("answers why it was refused, before anything else", async () => {
    const { page } = await openConsole(`tenant?id=${refusedTenant}`);
    await settle(page);
    const products = page.locator("article", { hasText: "tracked_products" });
    expect(await products.innerText()).toMatch(/1 refusal, the last on .* between/);
    expect(await products.innerText()).toContain("It asked for 10 with 42 of 50 used: 2 too many.");
    expect(await products.innerText()).toContain("The same request would still be refused: 42 of 50 used, until");
    expect(await products.innerText()).toMatch(/The limit comes from:\s+subscribed plan\s+starter/);
    const exports = page.locator("article", { hasText: "exports" });
    expect(await exports.innerText()).toContain("The amount alone is above the limit.");
    expect(await exports.innerText()).toContain("still be refused, and in every period: the whole limit is 10.");
    expect(await exports.innerText()).not.toContain("until");
  });

  it("shows plan, subscription and the state of every metric", async () => {
    const { page } = await openConsole(`tenant?id=${refusedTenant}`);
    await settle(page);
    const facts = await page.getByRole("region", { name: "Plan and subscription" }).innerText();
    expect(facts).toContain("Starter starter");
    expect(facts).toContain("Europe/Berlin");
    expect(await columnTexts(page, "Metric")).toEqual(["api_calls", "exports", "searches", "tracked_products"]);
    expect(await columnTexts(page, "Left")).toEqual(["-20", "10", "unlimited", "8"]);
  });

  it("shows overrides with their reason", async () => {
    const { page } = await openConsole(`tenant?id=${busyTenant}`);
    await settle(page);
    const overrides = page.locator("section", { has: page.getByRole("heading", { name: "Overrides" }) }).last();
    expect(await overrides.innerText()).toMatch(/per_week\s+40\s+as the plan\s+in force\s+agreed by phone/);
    await see(page, /No HARD limit refused it/);
  });

  it.each([
    ["per_hour", "hour by hour", 10],
    ["per_week", "over the week", 20],
    ["per_year", "over the year", 30],
    ["for_ever", "over the lifetime", 40],
  ])("draws the usage of %s with its limit, and says the same in a table", async (metric, title, usage) => {
    const { page } = await openConsole(`tenant?id=${busyTenant}&metric=${metric}`);
    await settle(page);
    await see(page, title);
    expect(await page.locator(".chart-legend").innerText()).toContain(`usage ${usage}`);
    const drawn = await page.locator(".chart-canvas canvas").evaluate((canvas: HTMLCanvasElement) => {
      const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      return pixels.some((value) => value !== 0);
    });
    expect(drawn).toBe(true);
    await page.getByText("The same as a table").click();
    expect(await page.locator(".chart-table tbody tr").last().innerText()).toContain(String(usage));
  });

  it("puts the ticks of a chart at full hours of the zone that they are written in", async () => {
    const { page } = await openConsole(
      `tenant?id=${busyTenant}&metric=per_hour`,
      // Half an hour off from everybody else.
      { timezoneId: "Asia/Kolkata" },
      { prepare: keepDrawnTexts },
    );
    await page.getByRole("radio", { name: "UTC" }).check();
    await settle(page);
    await forgetDrawnTexts(page);
    await page.getByRole("button", { name: /^Theme:/ }).click();
    const ticks = async () => (await drawnTexts(page)).filter((text) => /^\d\d:\d\d$/.test(text));
    await expect.poll(async () => (await ticks()).length).toBeGreaterThan(3);
    expect((await ticks()).filter((text) => !text.endsWith(":00"))).toEqual([]);
  });

  it("changes the chart's metric by the table, and keeps it in the address", async () => {
    const { page } = await openConsole(`tenant?id=${refusedTenant}`);
    await settle(page);
    await page.getByRole("table", { name: "Every metric" }).getByRole("button", { name: "api_calls" }).click();
    await settle(page);
    expect(page.url()).toContain("metric=api_calls");
    await page.getByRole("img", { name: /Chart of api_calls: usage ends at 1,020, the limit is 1,000/ }).waitFor();
  });

  it("says of a tenant without a plan that everything is refused", async () => {
    const tab = await openConsole(`tenant?id=${strayTenant}`);
    await see(tab.page, "This tenant has no plan");
    await see(tab.page, "UTC, for want of a subscription");
    tab.complaints.splice(0, tab.complaints.length, ...tab.complaints.filter((text) => !/40\d/.test(text)));
  });

  it("is reached by the box at the top, which says what is wrong with an id", async () => {
    const { page } = await openConsole("");
    const box = page.getByLabel("Go to tenant");
    await box.fill("42");
    await box.press("Enter");
    await see(page, "Not a UUID");
    await box.fill(busyTenant.toUpperCase());
    await box.press("Enter");
    await page.waitForURL(`**/console/tenant?id=${busyTenant}`);
    await see(page, "Lab");
  });

  it("writes times in the viewer's zone, the tenant's or UTC", async () => {
    const { page } = await openConsole(`tenant?id=${busyTenant}&metric=per_week`);
    await settle(page);
    const ends = async () => (await columnTexts(page, "Ends"))[3];
    // A week of Tokyo ends at its midnight, at 15:00 in London in winter and 16:00 in summer.
    expect(await ends()).toMatch(/, 1[56]:00$/);
    await page.getByRole("radio", { name: "Tenant’s" }).check();
    await expect.poll(ends).toMatch(/, 00:00 GMT\+9$/);
    await page.getByRole("radio", { name: "UTC" }).check();
    await expect.poll(ends).toMatch(/, 15:00 UTC$/);
    await page.locator("time").first().hover();
    await expect.poll(async () => await page.locator("time").first().getAttribute("title")).toContain("(Asia/Tokyo)");
  });
});
