import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** Where the service hosts the console; every address in the built files begins with it. */
const basePath = "/console/";

/** The service that `npm run dev` passes calls on to. */
const developmentServer = "http://127.0.0.1:8080";

/** Uncompressed; what counts is the budget after compression, which `scripts/build.ts` checks. */
const scriptKilobytesMax = 1_000;

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: basePath,
  build: {
    target: "es2023",
    // Inlined assets are `data:` addresses, which the Content-Security-Policy admits for images alone.
    assetsInlineLimit: 0,
    // One chunk has nothing to preload, and the polyfill would be a script that nobody wrote.
    modulePreload: { polyfill: false },
    // The packages whose code is in the script, as their licences ask.
    license: { fileName: "licenses.md" },
    chunkSizeWarningLimit: scriptKilobytesMax,
    rolldownOptions: {
      onLog(level, log, handle) {
        // Packages mark what may not run on a server. Nothing of the console does.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") handle(level, log);
      },
    },
  },
  server: { proxy: { "^/quota\\.v1\\.": developmentServer } },
});
