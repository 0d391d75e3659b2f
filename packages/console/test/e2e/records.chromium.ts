import { describe, expect, it } from "vitest";
import { columnTexts, inBrowser, openConsole, see, settle } from "./browser.ts";
import { busyTenant, refusedTenant } from "./seed.ts";

inBrowser();

const allMetrics = ["api_calls", "for_ever", "per_hour", "per_week", "per_year", "tracked_products"];
const hourMs = 3_600_000;

describe("usage records", () => {
  it("show every counter, the last one opened first", async () => {
    const { page } = await openConsole("records");
    await settle(page);
    const metrics = await columnTexts(page, "Metric");
    expect(metrics.toSorted()).toEqual(allMetrics);
    expect(metrics[0]).toBe("api_calls");
    expect(await columnTexts(page, "Tenant")).toContain(busyTenant);
  });

  it.each([
    [`tenant=${busyTenant}`, ["for_ever", "per_hour", "per_week", "per_year"]],
    ["metric=api_calls", ["api_calls"]],
    [`metric=api_calls&tenant=${busyTenant}`, []],
  ])("are filtered by %s", async (search, metrics) => {
    const { page } = await openConsole(`records?${search}`);
    await settle(page);
    if (metrics.length === 0) await see(page, "No usage record passes these filters.");
    else expect((await columnTexts(page, "Metric")).toSorted()).toEqual(metrics);
  });

  it("are filtered by the end of the period", async () => {
    const soon = new Date(Date.now() + hourMs).toISOString();
    const { page } = await openConsole(`records?ends-before=${soon}`);
    await settle(page);
    expect(await columnTexts(page, "Metric")).toEqual(["per_hour"]);
    await page.goto(page.url().replace("ends-before", "ends-from"));
    await settle(page);
    expect((await columnTexts(page, "Metric")).toSorted()).toEqual(
      allMetrics.filter((metric) => metric !== "per_hour"),
    );
  });

  it("are filtered by creation", async () => {
    const { page } = await openConsole(`records?before=${new Date(Date.now() - hourMs).toISOString()}`);
    await see(page, "No usage record passes these filters.");
    await page.goto(page.url().replace("before", "from"));
    await settle(page);
    expect(await columnTexts(page, "Metric")).toHaveLength(allMetrics.length);
  });

  it("take filters from the fields and the presets into the address, and back out of it", async () => {
    const { page } = await openConsole("records");
    await page.getByLabel("Tenant", { exact: true }).fill(refusedTenant);
    await page.getByLabel("Tenant", { exact: true }).press("Enter");
    await page.getByRole("button", { name: "Open now" }).click();
    await page.getByLabel("Created before").fill("2030-01-02T03:04:05");
    await page.getByLabel("Created before").press("Enter");
    await settle(page);
    const { searchParams } = new URL(page.url());
    expect(searchParams.get("tenant")).toBe(refusedTenant);
    expect(searchParams.get("before")).toBe("2030-01-02T03:04:05.000Z");
    expect(Math.abs(Date.parse(searchParams.get("ends-from") ?? "") - Date.now())).toBeLessThan(2 * hourMs);
    expect((await columnTexts(page, "Metric")).toSorted()).toEqual(["api_calls", "tracked_products"]);

    // What a colleague sees who is sent the address.
    await page.goto(page.url());
    await settle(page);
    expect(await page.getByLabel("Tenant", { exact: true }).inputValue()).toBe(refusedTenant);
    expect(await page.getByLabel("Created before").inputValue()).toBe("2030-01-02T03:04:05");
    await page.getByRole("button", { name: "Clear filters" }).click();
    await settle(page);
    expect(new URL(page.url()).search).toBe("");
    expect(await columnTexts(page, "Metric")).toHaveLength(allMetrics.length);
  });

  it("are the ended periods at a click, and the open ones at another", async () => {
    const { page } = await openConsole("records");
    await settle(page);
    await page.getByRole("button", { name: "Ended" }).click();
    // Every period of the seed is open.
    await see(page, "No usage record passes these filters.");
    const ended = new URL(page.url()).searchParams;
    expect([...ended.keys()]).toEqual(["ends-before"]);
    expect(Math.abs(Date.now() - Date.parse(ended.get("ends-before") ?? ""))).toBeLessThan(2 * 60_000);
    await page.getByRole("button", { name: "Open now" }).click();
    await page.waitForURL(/ends-from/);
    await settle(page);
    expect([...new URL(page.url()).searchParams.keys()]).toEqual(["ends-from"]);
    expect((await columnTexts(page, "Metric")).toSorted()).toEqual(allMetrics);
  });

  it.each([
    ["Last hour", hourMs],
    ["30 days", 720 * hourMs],
  ])("are those that were created within the %s at a click", async (label, lengthMs) => {
    const { page } = await openConsole("records?before=2020-01-01T00:00:00Z");
    await see(page, "No usage record passes these filters.");
    await page.getByRole("button", { name: label }).click();
    await page.waitForURL(/from=/);
    await settle(page);
    const { searchParams } = new URL(page.url());
    expect([...searchParams.keys()]).toEqual(["from"]);
    expect(Math.abs(Date.now() - lengthMs - Date.parse(searchParams.get("from") ?? ""))).toBeLessThan(2 * 60_000);
    expect(await columnTexts(page, "Metric")).toHaveLength(allMetrics.length);
  });

  it("are sorted by the heads of their columns", async () => {
    const { page } = await openConsole("records");
    await settle(page);
    await page.getByRole("button", { name: "Current usage" }).click();
    await settle(page);
    expect(new URL(page.url()).search).toBe("?order=usage-highest");
    expect(await columnTexts(page, "Current usage")).toEqual(["1,020", "42", "40", "30", "20", "10"]);
    await page.getByRole("button", { name: "Current usage" }).click();
    await page.waitForURL("**/*?order=usage-lowest");
    await settle(page);
    expect(await columnTexts(page, "Current usage")).toEqual(["10", "20", "30", "40", "42", "1,020"]);
    await page.getByRole("button", { name: "Period end" }).click();
    await page.waitForURL("**/*?order=period-end-latest");
    await settle(page);
    expect((await columnTexts(page, "Metric"))[0]).toBe("for_ever");
    expect(await page.getByRole("columnheader", { name: "Period end" }).getAttribute("aria-sort")).toBe("descending");
  });

  it("lead to exactly the events of a counter", async () => {
    const { page } = await openConsole(`records?metric=tracked_products`);
    await settle(page);
    await page.getByRole("link", { name: "1", exact: true }).click();
    await see(page, "Usage events");
    await settle(page);
    expect(await columnTexts(page, "Metric")).toEqual(["tracked_products"]);
  });

  it("say at the field what is wrong with a filter, and ask nothing", async () => {
    const { page } = await openConsole("records?tenant=42&metric=API");
    await see(page, "Not a UUID");
    await see(page, "Not a metric code");
    await see(page, "A filter needs mending first.");
    expect(await page.getByLabel("Tenant", { exact: true }).getAttribute("aria-invalid")).toBe("true");
  });
});
