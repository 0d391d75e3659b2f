import { describe, expect, it } from "vitest";
import { columnTexts, forgive, inBrowser, openConsole, see, settle } from "./browser.ts";
import { apiCallEvents, busyTenant, hostileKey, hostileText, refusedTenant } from "./seed.ts";

inBrowser();

const hourMs = 3_600_000;

describe("usage events", () => {
  it("show the usage after each event, and the limit in force at it", async () => {
    const { page } = await openConsole(`events?tenant=${refusedTenant}&metric=tracked_products`);
    await settle(page);
    expect(await columnTexts(page, "Amount")).toEqual(["+42"]);
    expect((await columnTexts(page, "Usage after, of the limit then"))[0]).toMatch(/42\s+of 50\s+84%/);
    expect(await columnTexts(page, "Enforcement")).toEqual(["HARD"]);
  });

  it("unfold metadata at a click, as text", async () => {
    const { page } = await openConsole("events?metric=tracked_products");
    await settle(page);
    await page.locator("tr[data-row]").first().click();
    const json = page.getByRole("region", { name: "Metadata of the event" });
    expect(JSON.parse(await json.innerText())).toEqual({ source: "import-7", note: hostileText, rows: [1, 2.5, null] });
    await see(page, hostileKey);
    await page.getByRole("button", { name: "Details" }).click();
    await json.waitFor({ state: "detached" });
  });

  it.each([
    [`tenant=${busyTenant}`, 4],
    ["metric=tracked_products", 1],
    [`from=${new Date(Date.now() - hourMs).toISOString()}&metric=tracked_products`, 1],
    [`before=${new Date(Date.now() - hourMs).toISOString()}`, 0],
  ])("are filtered by %s", async (search, count) => {
    const { page } = await openConsole(`events?${search}`);
    await settle(page);
    if (count === 0) await see(page, "No usage event passes these filters.");
    expect(await page.locator("tr[data-row]").count()).toBe(count);
  });

  it("take every filter and the order from the fields", async () => {
    const { page } = await openConsole("events");
    await settle(page);
    await page.getByLabel("Tenant", { exact: true }).fill(refusedTenant);
    await page.getByLabel("Tenant", { exact: true }).press("Enter");
    await page.getByLabel("Metric").fill("api_calls");
    await page.getByLabel("Metric").press("Enter");
    await page.getByLabel("Created from").fill("2020-01-02T03:04");
    await page.getByLabel("Created from").press("Enter");
    await page.getByLabel("Order").selectOption("oldest");
    await settle(page);
    const { searchParams } = new URL(page.url());
    expect(Object.fromEntries(searchParams)).toEqual({
      tenant: refusedTenant,
      metric: "api_calls",
      from: "2020-01-02T03:04:00.000Z",
      order: "oldest",
    });
    expect((await columnTexts(page, "Usage after, of the limit then"))[0]).toMatch(/^17\s/);
    await page.getByLabel("Order").selectOption("newest");
    await page.waitForURL((url) => !url.searchParams.has("order"));
    await settle(page);
    expect((await columnTexts(page, "Usage after, of the limit then"))[0]).toMatch(/^1,020\s/);
    await page.getByLabel("Created before").fill("2020-01-03T00:00");
    await page.getByLabel("Created before").press("Enter");
    await see(page, "No usage event passes these filters.");
  });

  it.each([
    ["Last hour", hourMs],
    ["24 hours", 24 * hourMs],
    ["7 days", 7 * 24 * hourMs],
    ["30 days", 30 * 24 * hourMs],
  ])("are those of the %s at a click, by an instant that stays the same for a colleague", async (label, lengthMs) => {
    const tab = await openConsole("events?metric=tracked_products&before=2020-01-01T00:00:00Z&page=forged");
    const { page } = tab;
    await see(page, "This page can no longer be opened");
    forgive(tab, /status of 400/);
    await page.getByRole("button", { name: label }).click();
    await page.waitForURL(/from=/);
    await settle(page);
    const { searchParams } = new URL(page.url());
    expect([...searchParams.keys()]).toEqual(["from", "metric"]);
    const from = Date.parse(searchParams.get("from") ?? "");
    expect(Math.abs(Date.now() - lengthMs - from)).toBeLessThan(2 * 60_000);
    expect(await page.locator("tr[data-row]").count()).toBe(1);
  });

  it("say what is wrong with an instant that would be another one in each browser", async () => {
    const { page } = await openConsole("events?from=2026-11-24T09:00");
    await see(page, "RFC 3339 with a zone");
    await see(page, "A filter needs mending first.");
  });

  it("come in pages of the size that is chosen, from the first page on", async () => {
    const { page } = await openConsole("events?metric=api_calls");
    await settle(page);
    expect(await page.locator("tr[data-row]").count()).toBe(50);
    await page.getByRole("button", { name: "Next page" }).click();
    await page.waitForURL(/page=/);
    await page.getByLabel("Per page").selectOption("25");
    await page.waitForURL((url) => url.search === "?metric=api_calls&size=25");
    await settle(page);
    expect(await page.locator("tr[data-row]").count()).toBe(25);
    await page.getByLabel("Per page").selectOption("250");
    await page.waitForURL((url) => url.search === "?metric=api_calls&size=250");
    await settle(page);
    expect(await page.locator("tr[data-row]").count()).toBe(apiCallEvents);
    await page.getByLabel("Per page").selectOption("50");
    await page.waitForURL((url) => url.search === "?metric=api_calls");
  });

  it("are paged through, forth and back, with the page in the address", async () => {
    const { page } = await openConsole("events?metric=api_calls&size=25&order=oldest");
    const sizes: number[] = [];
    const last: (string | undefined)[] = [];
    for (let pages = 0; pages < 10; pages += 1) {
      await settle(page);
      const after = await columnTexts(page, "Usage after, of the limit then");
      sizes.push(after.length);
      last.push(after.at(-1)?.split(/\s/)[0]);
      const next = page.getByRole("button", { name: "Next page" });
      if (await next.isDisabled()) break;
      const before = page.url();
      await next.click();
      await page.waitForURL((url) => url.href !== before);
    }
    expect(sizes).toEqual([25, 25, apiCallEvents - 50]);
    expect(last).toEqual(["425", "850", "1,020"]);

    const address = page.url();
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await page.waitForURL((url) => url.href !== address);
    await settle(page);
    expect((await columnTexts(page, "Usage after, of the limit then")).at(-1)).toMatch(/^850/);
    await page.goto(address);
    await settle(page);
    expect(await page.locator("tr[data-row]").count()).toBe(apiCallEvents - 50);
    await page.getByRole("button", { name: "First page" }).click();
    await settle(page);
    expect(new URL(page.url()).searchParams.has("page")).toBe(false);
  });

  it("offer the first page when a page's token is worth nothing", async () => {
    const tab = await openConsole("events?page=forged&metric=tracked_products");
    await see(tab.page, "This page can no longer be opened");
    await see(tab.page, "PAGE_TOKEN_INVALID");
    await tab.page.getByRole("button", { name: "To the first page" }).click();
    await settle(tab.page);
    expect(await tab.page.locator("tr[data-row]").count()).toBe(1);
    tab.complaints.splice(0, tab.complaints.length, ...tab.complaints.filter((text) => !text.includes("400")));
  });
});
