import { chown, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PostgresBinaries } from "./binaries.ts";
import { type DataFolder, syncFolder } from "./data-folder.ts";
import { EmbeddedPostgresError } from "./errors.ts";
import type { RunAs } from "./run-as.ts";
import { runCommand } from "./run-command.ts";
import { quoteReason } from "./server-log.ts";

const workspacePrefix = "initialising-";

/**
 * Makes a new cluster. It grows in a folder of its own beside the final place and is renamed as the last step, so a
 * start that is killed half-way leaves nothing that looks like a cluster.
 *
 * Each attempt has a fresh name: the initdb of a killed service lives on for a moment, and must not write into ours.
 */
export async function initialiseCluster(
  folder: DataFolder,
  binaries: PostgresBinaries,
  runAs: RunAs,
  superuserPassword: string,
): Promise<void> {
  const workspace = await mkdtemp(join(folder.root, workspacePrefix));
  try {
    const passwordFile = join(workspace, "password");
    const cluster = join(workspace, "cluster");
    await writeFile(passwordFile, superuserPassword, { mode: 0o600 });
    if (runAs.owner !== undefined) {
      await chown(passwordFile, runAs.owner.uid, runAs.owner.gid);
      await chown(workspace, runAs.owner.uid, runAs.owner.gid);
    }
    const initdb = [
      binaries.initdb,
      `--pgdata=${cluster}`,
      "--username=postgres",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      // Sorting and case that do not depend on the machine's libraries, so the folder can move between machines.
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--data-checksums",
    ];
    const { exitCode, stdout, stderr } = await runCommand([...runAs.prefix, ...initdb], runAs.identity);
    if (exitCode !== 0) {
      throw new EmbeddedPostgresError(
        `cannot initialise PostgreSQL in DATA_DIR ${folder.given}: ${quoteReason(stderr || stdout)}`,
      );
    }
    await rename(cluster, folder.cluster);
    await syncFolder(folder.root);
  } finally {
    await removeWorkspace(workspace);
  }
}

/** Removes what killed starts left. To be called under the folder's lock only. */
export async function removeUnfinishedClusters(folder: DataFolder): Promise<void> {
  const entries = await readdir(folder.root);
  for (const name of entries.filter((entry) => entry.startsWith(workspacePrefix))) {
    await removeWorkspace(join(folder.root, name));
  }
}

/** Best effort: an initdb that outlived its service may still be adding files, and then the next start removes them. */
async function removeWorkspace(workspace: string): Promise<void> {
  await rm(workspace, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}
