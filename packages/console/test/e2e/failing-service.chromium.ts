import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inBrowser, openConsole, see, settle, type Tab } from "./browser.ts";
import { npmStart } from "./npm-start.ts";

inBrowser();

/** What Chromium says of calls that fail is expected here. */
function expectFailedCalls({ complaints }: Tab): void {
  const rest = complaints.filter((complaint) => !complaint.includes("Failed to load resource"));
  expect(rest.length).toBeLessThan(complaints.length);
  complaints.splice(0, complaints.length, ...rest);
}

describe("a service that fails", () => {
  it("is named when it stops, and found again when it is back", async () => {
    const folder = mkdtempSync(join(tmpdir(), "console-"));
    let service = await npmStart(folder);
    const { origin } = service;
    try {
      const tab = await openConsole("records", {}, { origin });
      await see(tab.page, "No usage record passes these filters.");
      await service.stop();
      await tab.page.getByRole("button", { name: "Refresh" }).click();
      await see(tab.page, "The service cannot be reached");
      service = await npmStart(folder, { httpPort: Number(new URL(origin).port) });
      await tab.page.getByRole("button", { name: "Try again" }).click();
      await see(tab.page, "No usage record passes these filters.");
      expectFailedCalls(tab);
    } finally {
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is quoted, with its reason and the request id, and asked again at a click", async () => {
    const tab = await openConsole("events");
    await settle(tab.page);
    await tab.page.route("**/ListUsageEvents", (route) =>
      route.fulfill({
        status: 503,
        contentType: "application/json",
        headers: { "x-request-id": "req-of-the-service" },
        body: JSON.stringify({ code: "unavailable", message: "too many calls are waiting" }),
      }),
    );
    await tab.page.getByRole("button", { name: "Refresh" }).click();
    await see(tab.page, "too many calls are waiting");
    await see(tab.page, "req-of-the-service");
    await tab.page.unroute("**/ListUsageEvents");
    await tab.page.getByRole("button", { name: "Try again" }).click();
    await tab.page.locator("tr[data-row]").first().waitFor();
    expectFailedCalls(tab);
  });

  it("does not break the page with an answer that is no answer of the protocol", async () => {
    const tab = await openConsole(
      "",
      {},
      {
        prepare: async (page) =>
          await page.route("**/ListRefusals", (route) =>
            route.fulfill({ status: 500, contentType: "text/html", body: "<h1>502</h1>" }),
          ),
      },
    );
    await see(tab.page, "The service answered with an error");
    // The rest of the page is there.
    await tab.page.locator("tr[data-row]").first().waitFor();
    expectFailedCalls(tab);
  });

  it("is shown instead of a sign-in when it does not answer the first question", async () => {
    const tab = await openConsole(
      "records",
      {},
      {
        prepare: async (page) => await page.route("**/ListChanges", (route) => route.abort()),
      },
    );
    await see(tab.page, "The service cannot be reached");
    await tab.page.unroute("**/ListChanges");
    await tab.page.getByRole("button", { name: "Try again" }).click();
    await tab.page.locator("tr[data-row]").first().waitFor();
    expectFailedCalls(tab);
  });

  it("leaves grey lines in the place of what is on its way", async () => {
    const { page } = await openConsole(
      "records",
      {},
      {
        prepare: async (tab) => await tab.route("**/ListUsageRecords", () => undefined),
      },
    );
    await page.getByRole("status").getByText("Loading …").first().waitFor({ state: "attached" });
  });
});
