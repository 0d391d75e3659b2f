import { describe, expect, it } from "vitest";
import { columnTexts, inBrowser, openConsole, see, settle } from "./browser.ts";
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
