import { join } from "node:path";

const configFile = join(import.meta.dirname, "..", "vite.config.ts");

/** What React and Vite build for. Part of the digest by which a build is known. */
export const bundleMode = "production";

/**
 * Makes the console's files in the folder.
 *
 * Vite takes `NODE_ENV` from the shell where it is set, and `npm test` sets it for whatever it starts: without a word of ours
 * that would bundle React's development version, which is half as large again, slower, and would stay until something changes.
 */
export async function bundleInto(folder: string): Promise<void> {
  process.env["NODE_ENV"] = bundleMode;
  // Loading it takes longer than finding that nothing has changed, and it is needed once.
  const { build } = await import("vite");
  await build({ configFile, mode: bundleMode, logLevel: "warn", build: { outDir: folder, emptyOutDir: true } });
}
