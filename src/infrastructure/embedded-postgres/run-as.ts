import { lchown, lstat, readdir } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { PostgresBinaries } from "./binaries.ts";
import type { DataFolder } from "./data-folder.ts";
import { EmbeddedPostgresError, systemErrorCode } from "./errors.ts";
import { type CommandIdentity, runCommand } from "./run-command.ts";

/** As whom, and through which command, PostgreSQL's programs run. PostgreSQL refuses to run as root. */
export interface RunAs {
  /** The command that stands before the program's own; it ends by becoming the program, under the same process id. */
  readonly prefix: readonly string[];
  readonly identity: CommandIdentity;
  /** Who must own the cluster's files; undefined for the user of this process. */
  readonly owner: FileOwner | undefined;
}

export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Tried in this order. macOS calls its own `_postgres`. */
const unprivilegedUsers = ["postgres", "_postgres", "nobody"];

/**
 * An ordinary user runs PostgreSQL as itself. For root the first way is taken by which PostgreSQL really starts:
 *
 * 1. Switch to the user who owns the cluster already, else `postgres`, else `nobody`. That user often cannot get at
 *    the files: a clone in `mktemp -d` lies under a folder that only root may enter.
 * 2. The same, with one capability kept that lets it enter folders and read files (Linux, `setpriv`). The server can
 *    then read what root can, but write only what is its own.
 * 3. The same with the capability to pass by all permissions: containers usually withhold the narrower one.
 * 4. A user namespace in which root goes by an ordinary number (Linux, `unshare`), for a root that is itself a
 *    namespace's and has no second user to switch to.
 */
export async function chooseRunAs(folder: DataFolder, binaries: PostgresBinaries): Promise<RunAs> {
  const candidates =
    userInfo().uid === 0 ? await waysForRoot(folder) : [{ prefix: [], identity: {}, owner: undefined }];
  let reason: string | undefined;
  for (const candidate of candidates) {
    const probe = [...candidate.prefix, "/bin/sh", "-c", 'cd "$1" && exec "$2" --version', "sh"];
    const result = await runCommand([...probe, folder.root, binaries.postgres], candidate.identity);
    if (result.exitCode === 0) {
      return candidate;
    }
    // What stood in the way of the plain one is what a person can change.
    reason ??= result.stderr.trim();
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root, and no other user can reach both DATA_DIR ${folder.given} and ` +
      `${binaries.postgres} (${reason ?? "unknown reason"}): start the service as an ordinary user, move the checkout to a folder that ` +
      "others may enter, such as /srv, or set DATABASE_URL to a database of your own",
  );
}

/** Gives the cluster to the user that PostgreSQL runs as, where it is root's: a restored copy, for example. */
export async function giveClusterTo(runAs: RunAs, cluster: string): Promise<void> {
  const { owner } = runAs;
  if (owner === undefined || (await lstat(cluster)).uid === owner.uid) {
    return;
  }
  const entries = await readdir(cluster, { recursive: true });
  for (const entry of entries) {
    // lchown, because chown would follow a symbolic link out of the folder.
    await lchown(join(cluster, entry), owner.uid, owner.gid);
  }
  // Last, so that an interrupted change of owner is taken up again by the next start.
  await lchown(cluster, owner.uid, owner.gid);
}

async function waysForRoot(folder: DataFolder): Promise<RunAs[]> {
  const present = await clusterOwner(folder);
  const owner = present ?? (await unprivilegedOwner());
  const ways: RunAs[] = [];
  if (owner !== undefined) {
    // spawn() takes signed numbers only, and macOS's nobody is -2.
    ways.push({ prefix: [], identity: { uid: owner.uid | 0, gid: owner.gid | 0 }, owner });
    ways.push({ prefix: withCapability(owner, "dac_read_search"), identity: {}, owner });
    ways.push({ prefix: withCapability(owner, "dac_override"), identity: {}, owner });
  }
  if (present === undefined) {
    const namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"];
    ways.push({ prefix: namespace, identity: {}, owner: undefined });
  }
  return ways;
}

/**
 * Every other capability is dropped for good. `no_setuid_fixup` is needed because initdb and postgres look for each
 * other with access(2), which otherwise ignores the capabilities of a user who is not root.
 */
function withCapability(owner: FileOwner, capability: string): string[] {
  return [
    "setpriv",
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    "--clear-groups",
    "--no-new-privs",
    "--securebits=+no_setuid_fixup",
    `--inh-caps=-all,+${capability}`,
    `--ambient-caps=+${capability}`,
    `--bounding-set=-all,+${capability}`,
    "--",
  ];
}

/** Who owns the cluster; undefined where there is none, or root does. */
async function clusterOwner(folder: DataFolder): Promise<FileOwner | undefined> {
  try {
    const { uid, gid } = await lstat(folder.cluster);
    return uid === 0 ? undefined : { uid, gid };
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

async function unprivilegedOwner(): Promise<FileOwner | undefined> {
  for (const user of unprivilegedUsers) {
    const [uid, gid] = await Promise.all([runCommand(["id", "-u", user]), runCommand(["id", "-g", user])]);
    if (uid.exitCode === 0 && gid.exitCode === 0) {
      return { uid: Number(uid.stdout) >>> 0, gid: Number(gid.stdout) >>> 0 };
    }
  }
  return undefined;
}
