import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** A PgBouncer in transaction mode before one database. */
export interface PgBouncer {
  /** The way through it, for the login of the URL that it was started with. */
  readonly url: string;
  stop(): Promise<void>;
}

const readyWithinMs = 10_000;
const pollMs = 50;
/** PgBouncer does not run as root, and takes on this user instead. */
const unprivilegedUser = "nobody";

/** Few connections to the server for many of the service's, so that each is handed from one to the next all the time. */
const serverConnectionsMax = 3;

export async function startPgBouncer(databaseUrl: string): Promise<PgBouncer> {
  const { hostname, port, pathname, username, password } = new URL(databaseUrl);
  const folder = await mkdtemp(join(tmpdir(), "quota-test-pgbouncer-"));
  const listenPort = await freePort();
  await writeFile(join(folder, "users.txt"), `"${username}" "${decodeURIComponent(password)}"\n`);
  await writeFile(
    join(folder, "pgbouncer.ini"),
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, "users.txt")}
pool_mode = transaction
default_pool_size = ${serverConnectionsMax}
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
`,
  );
  await chmod(folder, 0o755);
  const asUser = process.getuid?.() === 0 ? ["-u", unprivilegedUser] : [];
  const child = spawn("pgbouncer", [...asUser, join(folder, "pgbouncer.ini")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const failed = once(child, "error").then(([error]) => {
    said += String(error);
  });
  await ready(child, listenPort, () => said, failed);
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${listenPort}`;
  return {
    url: url.href,
    stop: async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      await rm(folder, { recursive: true });
    },
  };
}

async function ready(child: ChildProcess, port: number, said: () => string, failed: Promise<unknown>): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  while (performance.now() < deadline && child.exitCode === null) {
    if (await accepts(port)) return;
    await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, pollMs))]);
  }
  throw new Error(`PgBouncer did not start: ${said()}`);
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
