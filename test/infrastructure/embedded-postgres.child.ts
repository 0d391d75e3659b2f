/**
 * A stand-in for the service, for the cases in which processes are killed or race: starts the embedded PostgreSQL of
 * the checkout named first on the folder named second, and tells on stdout, a JSON object a line, what happens. On
 * SIGINT and SIGTERM it drains, writing while it does, then stops; on SIGUSR2 it exits at once. A third argument is a
 * user id to become first.
 */
import pg from "pg";

export interface ChildMessage {
  readonly event: "log" | "ready" | "failed" | "drained" | "stopped";
  readonly line?: string;
  readonly ownerUrl?: string;
}

const drainingWrites = 5;
const drainingPauseMs = 40;

function tell(message: ChildMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function main(startModule: string, dataDir: string, userId: string | undefined): Promise<void> {
  const { startEmbeddedPostgres }: typeof import("../../src/infrastructure/embedded-postgres/start.ts") = await import(
    startModule
  );
  if (userId !== undefined) {
    process.setgroups?.([]);
    process.setgid?.(Number(userId));
    process.setuid?.(Number(userId));
  }
  // Only the URL is kept: what the service forgets must not give the folder free.
  let stop: (() => Promise<void>) | undefined;
  let url: string;
  try {
    const started = await startEmbeddedPostgres({ dataDir, log: (line) => tell({ event: "log", line }) });
    url = started.ownerUrl;
    if (globalThis.gc === undefined) {
      stop = () => started.stop();
    }
  } catch (error) {
    tell({ event: "failed", line: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    process.exitCode = 1;
    return;
  }
  globalThis.gc?.();
  setInterval(() => globalThis.gc?.(), 20);
  const drain = async (): Promise<void> => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query("create table if not exists drained (n int)");
    for (let n = 1; n <= drainingWrites; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, drainingPauseMs));
      await client.query("insert into drained values ($1)", [n]);
    }
    await client.end();
    tell({ event: "drained" });
    await stop?.();
    tell({ event: "stopped" });
    process.exit(0);
  };
  process.once("SIGINT", () => void drain());
  process.once("SIGTERM", () => void drain());
  process.once("SIGUSR2", () => process.exit(3));
  tell({ event: "ready", ownerUrl: url });
}

const [startModule = "", dataDir = "", userId] = process.argv.slice(2);
if (startModule !== "") {
  await main(startModule, dataDir, userId);
}
