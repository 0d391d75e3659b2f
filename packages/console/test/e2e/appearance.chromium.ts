import axe from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, inject, it } from "vitest";
import { inBrowser, openConsole, see, settle } from "./browser.ts";
import { busyTenant, refusedTenant } from "./seed.ts";

inBrowser();

type View = readonly [name: string, path: string, prepare?: (page: Page) => Promise<void>];

/** Every page in the states that have parts of their own: what is unfolded, wrong, or empty. */
const views: readonly View[] = [
  ["the overview", ""],
  ["usage records", "records"],
  ["a filter that is wrong", "records?tenant=42"],
  ["no usage records", "records?metric=nothing_here"],
  ["an unfolded event", "events?metric=tracked_products", unfold],
  ["the export", "events", async (page) => await page.getByRole("button", { name: "Export" }).click()],
  ["a refused tenant", `tenant?id=${refusedTenant}`],
  ["a tenant with an override", `tenant?id=${busyTenant}&metric=per_week`, openTable],
  ["no tenant", "tenant"],
  ["an unfolded change", "changes?object=lab", unfold],
  ["no page", "nowhere"],
];

async function unfold(page: Page): Promise<void> {
  await page.locator("tr[data-row]").first().click();
}

async function openTable(page: Page): Promise<void> {
  await page.getByText("The same as a table").click();
}

/** What axe finds wrong, as texts that say where. */
async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  });
}

describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
  it.each(views.map((view) => ({ name: view[0], view })))("$name passes axe", async ({ view: [, path, prepare] }) => {
    const { page } = await openConsole(path, { colorScheme, reducedMotion: "reduce" });
    await settle(page);
    await prepare?.(page);
    expect(await violationsOf(page)).toEqual([]);
  });
});

describe("the theme", () => {
  const ground = async (page: Page) =>
    await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

  it("follows the machine, can be chosen, and stays chosen", async () => {
    const { page } = await openConsole("", { colorScheme: "dark" });
    const dark = await ground(page);
    await page.emulateMedia({ colorScheme: "light" });
    const light = await ground(page);
    expect(light).not.toBe(dark);
    const toggle = page.getByRole("button", { name: /^Theme:/ });
    await toggle.click();
    await toggle.click();
    expect(await toggle.getAttribute("aria-label")).toContain("Theme: dark");
    expect(await ground(page)).toBe(dark);
    await page.reload();
    await toggle.waitFor();
    expect(await ground(page)).toBe(dark);
  });
});

describe("by keyboard alone", () => {
  it("the first stop leads past the navigation", async () => {
    const { page } = await openConsole("records");
    await settle(page);
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
  });

  it("a slash goes to the first filter, and Esc takes a draft back", async () => {
    const { page } = await openConsole("records");
    await settle(page);
    await page.keyboard.press("/");
    await page.keyboard.type("42");
    const field = page.getByLabel("Tenant", { exact: true });
    expect(await field.inputValue()).toBe("42");
    await page.keyboard.press("Escape");
    expect(await field.inputValue()).toBe("");
  });

  it("the arrows walk the rows, and Enter unfolds one", async () => {
    const { page } = await openConsole("events");
    await settle(page);
    await page.locator("tr[data-row]").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const place = async () =>
      await page.evaluate(() =>
        Array.from<Element | null>(document.querySelectorAll("tr[data-row]")).indexOf(document.activeElement),
      );
    expect(await place()).toBe(2);
    await see(page, "Number within its counter");
    await page.keyboard.press("End");
    expect(await place()).toBe(49);
    await page.keyboard.press("Home");
    expect(await place()).toBe(0);
  });

  it("Enter on a record opens its tenant", async () => {
    const { page } = await openConsole(`records?tenant=${refusedTenant}`);
    await settle(page);
    await page.locator("tr[data-row]").first().focus();
    await page.keyboard.press("Enter");
    await see(page, "Why was this tenant refused?");
  });

  it("what has the focus shows it", async () => {
    const { page } = await openConsole("");
    await settle(page);
    for (let stops = 0; stops < 12; stops += 1) {
      await page.keyboard.press("Tab");
      const outline = await page.evaluate(() => {
        const focused = document.activeElement;
        if (focused === null) return "nothing";
        const shown = focused.matches(".segment input") ? focused.nextElementSibling : focused;
        return shown === null ? "nothing" : getComputedStyle(shown).outlineStyle;
      });
      expect(outline).toBe("solid");
    }
  });
});

describe("as delivered", () => {
  it("the page comes with a strict policy and its script within the budget", async () => {
    const answer = await fetch(`${inject("origin")}/console/`);
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    const sources = [...(await answer.text()).matchAll(/<script[^>]*src="([^"]+)"/g)].map(([, source]) => source);
    expect(sources.length).toBeGreaterThan(0);
    let bytes = 0;
    for (const source of sources) {
      const script = await fetch(new URL(source ?? "", inject("origin")), { headers: { "accept-encoding": "gzip" } });
      expect(script.headers.get("content-encoding")).toBe("gzip");
      bytes += Number(script.headers.get("content-length"));
      expect(await script.text()).not.toContain("jsxDEV");
    }
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(300_000);
  });

  it("the root leads to the console", async () => {
    const answer = await fetch(inject("origin"), { redirect: "manual" });
    expect(answer.headers.get("location")).toBe("/console/");
  });

  it("a narrow window has every page too, without scrolling sideways", async () => {
    const { page } = await openConsole(`tenant?id=${refusedTenant}`, { viewport: { width: 390, height: 800 } });
    await settle(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
