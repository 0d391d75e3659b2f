import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { inBrowser, openConsole, see, settle } from "./browser.ts";
import { apiCallEvents, refusedTenant } from "./seed.ts";

inBrowser();

/** A browser of another family: no way to the disk, so that the export is a download. */
async function withoutDisk(page: Page): Promise<void> {
  await page.addInitScript(() => {
    delete window.showSaveFilePicker;
  });
}

/** The dialogue cannot be answered without a screen; the file behind it can be a real one. */
async function withPrivateDisk(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.showSaveFilePicker = async ({ suggestedName }) => {
      const folder = await navigator.storage.getDirectory();
      return await folder.getFileHandle(suggestedName, { create: true });
    };
  });
}

/** Exports the view and reads what was downloaded. */
async function download(page: Page, format: "CSV" | "NDJSON"): Promise<{ name: string; text: string }> {
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("radio", { name: format, exact: false }).first().check();
  const started = page.waitForEvent("download");
  await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
  const file = await started;
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
}

describe("the export of events", () => {
  it("holds exactly the filtered view as CSV, safe for spreadsheets", async () => {
    const { page } = await openConsole("events?metric=tracked_products", {}, { prepare: withoutDisk });
    await settle(page);
    const { name, text } = await download(page, "CSV");
    expect(name).toMatch(/^usage-events-.*\.csv$/);
    const [head, line, rest] = text.split("\r\n");
    expect(head).toMatch(/^\uFEFFid,created_at,tenant_id,metric_code,amount,usage_after,limit,/);
    expect(line).toContain(`,${refusedTenant},tracked_products,42,42,50,HARD,SUBSCRIBED_PLAN,starter,,MONTH,`);
    expect(line).toContain(",1,'=HYPERLINK(1),");
    expect(rest).toBe("");
    await see(page, /Done: 1 event, .* up to /);
  });

  it("holds every page of the view as NDJSON, in its order", async () => {
    const { page } = await openConsole("events?metric=api_calls&size=25&order=oldest", {}, { prepare: withoutDisk });
    await settle(page);
    const { text } = await download(page, "NDJSON");
    const events = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ sequence }) => Number(sequence))).toEqual(
      Array.from({ length: apiCallEvents }, (_, index) => index + 1),
    );
    expect(new Set(events.map(({ metricCode }) => metricCode))).toEqual(new Set(["api_calls"]));
  });

  it("goes straight to the disk where the browser can write there", async () => {
    const { page } = await openConsole("events?metric=api_calls", {}, { prepare: withPrivateDisk });
    await settle(page);
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    await see(page, new RegExp(`Done: ${apiCallEvents} events`));
    const lines = await page.evaluate(async () => {
      const folder = await navigator.storage.getDirectory();
      for await (const entry of folder.values()) {
        if (entry instanceof FileSystemFileHandle) return (await (await entry.getFile()).text()).split("\r\n").length;
      }
      return 0;
    });
    // The head, the events, and nothing after the last line's end.
    expect(lines).toBe(1 + apiCallEvents + 1);
  });

  it("shows progress, can be cancelled, and then leaves no file", async () => {
    const { page } = await openConsole("events?metric=api_calls", {}, { prepare: withoutDisk });
    await settle(page);
    let downloads = 0;
    page.on("download", () => {
      downloads += 1;
    });
    // The export's page is held back; the call is dropped with the page.
    await page.route("**/ListUsageEvents", () => undefined);
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    await page.getByRole("progressbar", { name: "Export in progress" }).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await see(page, "Cancelled. No file was left behind.");
    expect(downloads).toBe(0);
  });

  it("says why it failed, and under which request id", async () => {
    const tab = await openConsole("events?metric=api_calls", {}, { prepare: withoutDisk });
    await settle(tab.page);
    await tab.page.route("**/ListUsageEvents", (route) => route.abort());
    await tab.page.getByRole("button", { name: "Export" }).click();
    await tab.page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    await see(tab.page, "The service cannot be reached");
    await see(tab.page, "Request id");
    tab.complaints.splice(0, tab.complaints.length, ...tab.complaints.filter((text) => !text.includes("ERR_FAILED")));
  });

  it("says that the disk is full, not that the service failed", async () => {
    const full = async (page: Page) =>
      await page.addInitScript(() => {
        window.showSaveFilePicker = async ({ suggestedName }) => {
          const folder = await navigator.storage.getDirectory();
          const handle = await folder.getFileHandle(suggestedName, { create: true });
          FileSystemWritableFileStream.prototype.write = async () => {
            throw new DOMException("the disk is full", "QuotaExceededError");
          };
          return handle;
        };
      });
    const { page } = await openConsole("events?metric=api_calls", {}, { prepare: full });
    await settle(page);
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    await see(page, "There is no room left for the file");
    await see(page, "The browser says: the disk is full");
  });

  it("ends when its page is left", async () => {
    const { page } = await openConsole("records", {}, { prepare: withoutDisk });
    await settle(page);
    await page.getByRole("link", { name: "Usage events" }).click();
    await settle(page);
    await page.route("**/ListUsageEvents", () => undefined);
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    await page.getByRole("progressbar", { name: "Export in progress" }).waitFor();
    const ended = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/ListUsageEvents"));
    await page.goBack();
    expect((await ended).failure()?.errorText).toContain("ERR_ABORTED");
  });

  it("closes at Esc", async () => {
    const { page } = await openConsole("events?metric=api_calls");
    await settle(page);
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });
});
