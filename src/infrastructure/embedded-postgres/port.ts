import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { type DataFolder, readIfExists } from "./data-folder.ts";
import { listenAddress } from "./settings.ts";

/**
 * The port of the last run if nobody took it meanwhile, so that a psql or a dashboard of the user's keeps working; else
 * one that the system chooses. Another program can still take it before PostgreSQL does: the caller tries again.
 */
export async function choosePort(folder: DataFolder): Promise<number> {
  const last = Number(await readIfExists(folder.portFile));
  if (Number.isInteger(last) && last > 0 && last < 65_536) {
    const free = await listenOnce(last);
    if (free !== undefined) {
      return free;
    }
  }
  const chosen = await listenOnce(0);
  if (chosen === undefined) {
    throw new Error(`no free port on ${listenAddress}`);
  }
  return chosen;
}

export async function rememberPort(folder: DataFolder, port: number): Promise<void> {
  await rm(folder.portFile, { force: true });
  await writeFile(folder.portFile, `${port}\n`, { flag: "wx" });
}

/** The port that the system gave for this wish (0: any), closed again; undefined when it is taken. */
async function listenOnce(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen({ host: listenAddress, port, exclusive: true });
    await once(server, "listening");
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : undefined;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}
