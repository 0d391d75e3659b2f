import type { Page, Request } from "playwright-core";
import { describe, expect, it } from "vitest";
import { columnTexts, forgive, inBrowser, openConsole, see, settle } from "./browser.ts";
import { busyTenant, refusedTenant } from "./seed.ts";

inBrowser();

const hourMs = 3_600_000;

/** A page holds 100, and so many tenants are not seeded: the service is asked for pages of one. */
async function onePerPage(page: Page): Promise<void> {
  await page.route("**/ListTenantsNearLimit", async (route) => {
    await route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), pageSize: 1 }) });
  });
}

describe("the overview", () => {
  it("shows who was refused within the last day, how often and by which numbers", async () => {
    const { page } = await openConsole("");
    await see(page, "Uses refused");
    const refused = await page.locator(".refused-item").allInnerTexts();
    expect(refused).toHaveLength(2);
    expect(refused.join(" ")).toContain("tracked_products asked for 10 with 42 of 50 used");
    expect(refused.join(" ")).toContain("exports asked for 11 with 0 of 10 used");
  });

  it("shows who is near a limit, the nearest first, with a bar", async () => {
    const { page } = await openConsole("");
    await settle(page);
    expect(await columnTexts(page, "Metric")).toEqual(["api_calls", "tracked_products"]);
    const meter = page.getByRole("meter").first();
    expect(await meter.getAttribute("aria-valuetext")).toBe("1,020 of 1,000, 102%");
  });

  it("filters by share and by metric, and keeps both in the address", async () => {
    const { page } = await openConsole("");
    await settle(page);
    await page.getByLabel("Used at least").selectOption("50");
    await page.getByLabel("Metric").fill("per_week");
    await page.getByLabel("Metric").press("Enter");
    await see(page, "No tenant has used 50 % of a limit.").catch(() => undefined);
    await settle(page);
    expect(new URL(page.url()).search).toBe("?metric=per_week&share=50");
    expect(await columnTexts(page, "Tenant")).toEqual([busyTenant]);
  });

  it("is paged through, forth and back to the first page", async () => {
    const { page } = await openConsole("?share=50", {}, { prepare: onePerPage });
    const seen: string[] = [];
    for (let pages = 0; pages < 10; pages += 1) {
      await settle(page);
      seen.push(...(await columnTexts(page, "Metric")));
      const next = page.getByRole("button", { name: "Next page" });
      if (await next.isDisabled()) break;
      const before = page.url();
      await next.click();
      await page.waitForURL((url) => url.href !== before);
    }
    expect(seen).toEqual(["api_calls", "tracked_products", "per_week"]);
    await page.getByRole("button", { name: "First page" }).click();
    await settle(page);
    expect(new URL(page.url()).search).toBe("?share=50");
    expect(await columnTexts(page, "Metric")).toEqual(["api_calls"]);
  });

  it("offers the first page when a page's token is worth nothing", async () => {
    const tab = await openConsole("?page=forged");
    await see(tab.page, "This page can no longer be opened");
    await tab.page.getByRole("button", { name: "To the first page" }).click();
    await settle(tab.page);
    expect(new URL(tab.page.url()).search).toBe("");
    expect(await columnTexts(tab.page, "Metric")).toEqual(["api_calls", "tracked_products"]);
    forgive(tab, /status of 400/);
  });

  it("asks for 25 hours, so that the last 24 are whole, and moves on while it is open", async () => {
    const { page } = await openConsole("", {}, { prepare: async (tab) => await tab.clock.install() });
    await see(page, "Uses refused");
    expect(await page.locator(".hours-bar").count()).toBe(25);
    const fromOf = (request: Request) => Date.parse(request.postDataJSON().hourFrom);
    const reloaded = page.waitForRequest("**/ListRefusals");
    await page.reload();
    const from = fromOf(await reloaded);
    expect(from % hourMs).toBe(0);
    const movedOn = page.waitForRequest("**/ListRefusals");
    await page.clock.fastForward(hourMs);
    expect(fromOf(await movedOn)).toBe(from + hourMs);
  });

  it("leads from a refusal to the tenant", async () => {
    const { page } = await openConsole("");
    await page.locator(".refused-item a").first().click();
    await see(page, "Why was this tenant refused?");
    expect(page.url()).toContain(`/console/tenant?id=${refusedTenant}`);
  });
});
