import { describe, expect, it } from "vitest";
import { columnTexts, inBrowser, openConsole, see, settle } from "./browser.ts";
import { busyTenant } from "./seed.ts";

inBrowser();

describe("changes", () => {
  it("show who did what to what, the last one first", async () => {
    const { page } = await openConsole("changes");
    await settle(page);
    expect((await columnTexts(page, "What")).slice(0, 4)).toEqual(["limit override", "subscription", "plan", "plan"]);
    expect((await columnTexts(page, "Did")).slice(0, 4)).toEqual(["created", "created", "changed", "created"]);
    expect((await columnTexts(page, "Object"))[0]).toBe("per_week");
    expect((await columnTexts(page, "Tenant"))[0]).toBe(busyTenant);
    expect((await columnTexts(page, "Change"))[0]).toBe("limit 40 “agreed by phone”");
    expect((await columnTexts(page, "Change"))[1]).toBe("plan lab, Asia/Tokyo");
    expect((await columnTexts(page, "Change"))[2]).toMatch(/displayName\s+Laboratory → Lab$/);
  });

  it("unfold to before and after, field by field", async () => {
    const { page } = await openConsole("changes?object=lab&kind=plan");
    await settle(page);
    await page.locator("tr[data-row]").first().click();
    const row = page.locator(".diff tr", { hasText: "displayName" });
    expect(await row.locator("del").innerText()).toBe("Laboratory");
    expect(await row.locator("ins").innerText()).toBe("Lab");
    const places = await page.locator(".diff-changed th, .diff-added th").allInnerTexts();
    expect(places).toEqual(["displayName", "revision", "updatedAt"]);
    await page.getByText("unchanged fields").click();
    const enforcement = page.locator(".diff-same", { hasText: "limits[per_week].enforcement" });
    expect(await enforcement.innerText()).toMatch(/HARD\s+HARD/);
    expect(await page.locator(".diff-same", { hasText: "limits[per_week].limit" }).innerText()).toContain("unchanged");
  });

  it.each([
    ["kind=override", 1],
    ["kind=subscription", 2],
    ["kind=key", 0],
    ["object=lab", 2],
    [`tenant=${busyTenant}`, 2],
    [`tenant=${busyTenant}&kind=subscription`, 1],
    [`actor=${busyTenant}`, 0],
    ["before=2020-01-01T00:00:00Z", 0],
    ["object=lab&from=2020-01-01T00:00:00Z", 2],
  ])("are filtered by %s", async (search, count) => {
    const { page } = await openConsole(`changes?${search}`);
    await settle(page);
    if (count === 0) await see(page, "No change passes these filters.");
    expect(await page.locator("tr[data-row]").count()).toBe(count);
  });

  it("take the kind and the order from the fields", async () => {
    const { page } = await openConsole("changes");
    await settle(page);
    await page.getByLabel("Kind").selectOption("plan");
    await page.getByLabel("Order").selectOption("oldest");
    await settle(page);
    expect(new URL(page.url()).search).toBe("?kind=plan&order=oldest");
    expect((await columnTexts(page, "Object")).at(-1)).toBe("lab");
  });
});
