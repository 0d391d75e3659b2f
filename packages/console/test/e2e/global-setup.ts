import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { TestProject } from "vitest/node";
import { npmStart } from "./npm-start.ts";
import { seed } from "./seed.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the seeded service is. */
    origin: string;
  }
}

/** One service for the whole run: the console only reads. */
export default async function startSeededService(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), "console-"));
  const service = await npmStart(folder);
  await seed(createConnectTransport({ baseUrl: service.origin }));
  project.provide("origin", service.origin);
  return async () => {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
