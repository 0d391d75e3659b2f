import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const checkout = fileURLToPath(new URL("../../../..", import.meta.url));
const readyTimeoutMs = 60_000;
const pollMs = 20;

/** The service, started by the command that the README names, which builds the console first. */
export interface RunningService {
  /** Without a path. */
  readonly origin: string;
  stop(): Promise<void>;
}

/** @param httpPort 0 takes a free one */
export async function npmStart(
  dataFolder: string,
  { httpPort = 0, auth = "none" }: { readonly httpPort?: number; readonly auth?: "none" | "required" } = {},
): Promise<RunningService> {
  const child = spawn("npm", ["--silent", "start"], {
    cwd: checkout,
    // A group of its own, which is stopped as one: npm hands signals on, but a killed npm would not.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...inherited(),
      DATA_DIR: dataFolder,
      GRPC_LISTEN: "127.0.0.1:0",
      HTTP_LISTEN: `127.0.0.1:${httpPort}`,
      AUTH: auth,
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const address = await readyAddress(child, () => output);
  return { origin: `http://${address}`, stop: async () => await stopGroup(child) };
}

/** What a program needs to run, and no setting of the service. */
function inherited(): Record<string, string> {
  const { PATH = "", HOME = "" } = process.env;
  return { PATH, HOME };
}

async function readyAddress(child: ChildProcess, output: () => string): Promise<string> {
  const deadline = Date.now() + readyTimeoutMs;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const ready = output()
      .split("\n")
      .find((line) => line.includes('"msg":"ready"'));
    if (ready !== undefined) return String(JSON.parse(ready).http);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`the service did not become ready:\n${output()}`);
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  process.kill(-child.pid, "SIGTERM");
  await closed;
}
