import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Role } from "../../../../gen/quota/v1/api_key_pb.ts";
import { ApiKeyService } from "../../../../gen/quota/v1/api_key_service_pb.ts";
import { columnTexts, inBrowser, openConsole, see, settle, type Tab } from "./browser.ts";
import { npmStart, type RunningService } from "./npm-start.ts";

inBrowser();

const folder = mkdtempSync(join(tmpdir(), "console-"));
let service: RunningService;
let adminKey = "";

beforeAll(async () => {
  service = await npmStart(folder, { auth: "required" });
  adminKey = readFileSync(join(folder, "admin-key"), "utf8").trim();
});
afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

function keys(credential = adminKey) {
  const authorize = (key: string) => (input: RequestInfo | URL, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    headers.set("authorization", `Bearer ${key}`);
    return fetch(input, { ...init, headers });
  };
  return createClient(ApiKeyService, createConnectTransport({ baseUrl: service.origin, fetch: authorize(credential) }));
}

async function signIn({ page }: Tab, key: string): Promise<void> {
  await page.getByLabel("API key or token").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Chromium reports every 401 and 403, which are what these tests are about. */
function expectRefusedCalls({ complaints }: Tab): void {
  const rest = complaints.filter((complaint) => !/status of 40[13]/.test(complaint));
  expect(rest.length).toBeLessThan(complaints.length);
  complaints.splice(0, complaints.length, ...rest);
}

describe("a service that asks for a credential", () => {
  it("lets an auditor's key in, to the address that was opened, and keeps it in memory only", async () => {
    const { secret } = await keys().createApiKey({ displayName: "console", role: Role.AUDITOR });
    const tab = await openConsole("changes?kind=key", {}, { origin: service.origin });
    await signIn(tab, secret);
    await settle(tab.page);
    await tab.page.locator("tr[data-row]").first().waitFor();
    expect(tab.page.url()).toContain("/console/changes?kind=key");
    const kept = await tab.page.evaluate(() =>
      JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie]),
    );
    expect(kept).not.toContain(secret);
    expect(await tab.page.content()).not.toContain(secret);

    await tab.page.reload();
    await tab.page.getByLabel("API key or token").waitFor();
    expectRefusedCalls(tab);
  });

  it("does not let in what is no key", async () => {
    const tab = await openConsole("", {}, { origin: service.origin });
    await signIn(tab, "qsk_nothing");
    await see(tab.page, "The service does not accept this key or token");
    await see(tab.page, "CREDENTIAL_INVALID");
    expectRefusedCalls(tab);
  });

  it("says of a key that was pasted with more than it, which character that is, and sends nothing", async () => {
    const tab = await openConsole("", {}, { origin: service.origin });
    await tab.page.getByLabel("API key or token").waitFor();
    let calls = 0;
    tab.page.on("request", () => {
      calls += 1;
    });
    await signIn(tab, `${adminKey}\u200b`);
    await see(tab.page, `character ${adminKey.length + 1} is U+200B`);
    expect(await tab.page.getByLabel("API key or token").getAttribute("aria-invalid")).toBe("true");
    expect(calls).toBe(0);
    expectRefusedCalls(tab);
  });

  it("tells a key of another role which one is needed", async () => {
    const tab = await openConsole("", {}, { origin: service.origin });
    await signIn(tab, adminKey);
    await see(tab.page, "This credential may not use the console");
    await see(tab.page, "Ask for a key with the role AUDITOR.");
    expectRefusedCalls(tab);
  });

  it("shows by which key a change was made, and all that was made with it", async () => {
    const { apiKey, secret } = await keys().createApiKey({ displayName: "Support desk", role: Role.AUDITOR });
    const operations = await keys().createApiKey({ displayName: "Platform operations", role: Role.ADMIN });
    const made = await keys(operations.secret).createApiKey({ displayName: "Web shop", role: Role.SERVICE });
    const tab = await openConsole("changes", {}, { origin: service.origin });
    await signIn(tab, secret);
    await settle(tab.page);
    await tab.page.getByLabel("Kind").selectOption("key");
    await tab.page.waitForURL(/kind=key/);
    await settle(tab.page);
    expect(new Set(await columnTexts(tab.page, "What"))).toEqual(new Set(["API key"]));
    expect(await columnTexts(tab.page, "Object")).toContain(apiKey?.id);
    expect((await columnTexts(tab.page, "Who"))[0]).toBe("Platform operations ADMIN");
    await tab.page.getByRole("link", { name: "Platform operations" }).first().click();
    await tab.page.waitForURL(`**/changes?actor=${operations.apiKey?.id}`);
    await settle(tab.page);
    expect(await columnTexts(tab.page, "Object")).toEqual([made.apiKey?.id]);
    expectRefusedCalls(tab);
  });

  it("asks again when the key is revoked, and keeps the view", async () => {
    const { apiKey, secret } = await keys().createApiKey({ displayName: "short", role: Role.AUDITOR });
    const tab = await openConsole("records", {}, { origin: service.origin });
    await signIn(tab, secret);
    await see(tab.page, "No usage record passes these filters.");
    await keys().revokeApiKey({ id: apiKey?.id ?? "" });
    await tab.page.getByRole("button", { name: "Refresh" }).click();
    await see(tab.page, "The key or token has expired or was revoked.");
    expect(tab.page.url()).toContain("/console/records");
    expectRefusedCalls(tab);
  });

  it("forgets everything at signing out", async () => {
    const { secret } = await keys().createApiKey({ displayName: "leaving", role: Role.AUDITOR });
    const tab = await openConsole("changes", {}, { origin: service.origin });
    await signIn(tab, secret);
    await tab.page.getByRole("button", { name: "Sign out" }).click();
    await tab.page.getByLabel("API key or token").waitFor();
    expect(await tab.page.locator("tr[data-row]").count()).toBe(0);
    expectRefusedCalls(tab);
  });
});
