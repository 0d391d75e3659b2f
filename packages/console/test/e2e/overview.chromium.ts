import { describe, expect, it } from "vitest";
import { columnTexts, inBrowser, openConsole, see, settle } from "./browser.ts";
import { busyTenant, refusedTenant } from "./seed.ts";

inBrowser();

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

  it("leads from a refusal to the tenant", async () => {
    const { page } = await openConsole("");
    await page.locator(".refused-item a").first().click();
    await see(page, "Why was this tenant refused?");
    expect(page.url()).toContain(`/console/tenant?id=${refusedTenant}`);
  });
});
