import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const mainFile = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const readyTimeoutMs = 30_000;

/** The service as `npm start` runs it: a process of its own. */
export interface ServerProcess {
  readonly process: ChildProcess;
  /** host:port of the gRPC door. */
  readonly address: string;
  /** Of the HTTP door. */
  readonly httpUrl: string;
  /** Standard output so far. */
  output(): string;
  /** Sends the signal and waits for the end; resolves with exit code or signal. */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** A start that ended before it was ready. */
export interface FailedStart {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** Starts the service and waits until it is ready. */
export async function startServerProcess(env: Environment, cwd?: string): Promise<ServerProcess> {
  const started = await startOrFail(env, cwd);
  if ("stderr" in started) throw new Error(`the service did not start: ${started.stderr}${started.stdout}`);
  return started;
}

/** Starts the service, which is expected to refuse, and waits for its end. */
export async function failToStart(env: Environment, cwd?: string): Promise<FailedStart> {
  const started = await startOrFail(env, cwd);
  if ("stderr" in started) return started;
  await started.end("SIGKILL");
  throw new Error(`the service was expected not to start, but is ready: ${started.output()}`);
}

async function startOrFail(env: Environment, cwd: string | undefined): Promise<ServerProcess | FailedStart> {
  const child = spawn(process.execPath, [mainFile], {
    env: {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "",
      GRPC_LISTEN: "127.0.0.1:0",
      HTTP_LISTEN: "127.0.0.1:0",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = once(child, "close");
  const ready = await Promise.race([readyLine(() => stdout, child), exited.then(() => undefined)]);
  if (ready === undefined) {
    await exited;
    return { exitCode: child.exitCode, stdout, stderr };
  }
  return {
    process: child,
    address: ready.grpc,
    httpUrl: `http://${ready.http}`,
    output: () => stdout,
    end: async (signal = "SIGTERM") => {
      child.kill(signal);
      await exited;
      return child.exitCode ?? child.signalCode;
    },
  };
}

interface ReadyLine {
  readonly grpc: string;
  readonly http: string;
}

async function readyLine(stdout: () => string, child: ChildProcess): Promise<ReadyLine | undefined> {
  const deadline = Date.now() + readyTimeoutMs;
  while (child.exitCode === null && child.signalCode === null) {
    const ready = stdout()
      .split("\n")
      .find((line) => line.includes('"msg":"ready"'));
    if (ready !== undefined) return JSON.parse(ready);
    if (Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`the service was not ready in time: ${stdout()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return undefined;
}
