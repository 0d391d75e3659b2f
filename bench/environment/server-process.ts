import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Address } from "../load/load-connection.ts";

const host = "127.0.0.1";
const readyTimeoutMs = 30_000;
const pollMs = 25;

/** Whoever ends the bench ends them too, or they would go on holding their database. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});

export interface ServerCommand {
  /** The program and its arguments after `node`. */
  readonly nodeArguments: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A server in a process of its own. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly address: Address;

  private constructor(child: ChildProcess, address: Address) {
    this.#child = child;
    this.address = address;
  }

  /**
   * Starts it and waits until it accepts connections: they begin to listen last.
   *
   * @param listenVariable the environment variable that tells it where to listen
   */
  static async start(command: ServerCommand, listenVariable = "GRPC_LISTEN"): Promise<ServerProcess> {
    const address = { host, port: await freePort() };
    const child = spawn(process.execPath, command.nodeArguments, {
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: process.env["HOME"] ?? "",
        ...command.env,
        [listenVariable]: `${host}:${address.port}`,
      },
      stdio: ["ignore", "inherit", "inherit"],
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    const server = new ServerProcess(child, address);
    await server.#isReady();
    return server;
  }

  get processId(): number {
    return this.#child.pid ?? 0;
  }

  get target(): string {
    return `${this.address.host}:${this.address.port}`;
  }

  async stop(): Promise<void> {
    if (this.#hasEnded()) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #isReady(): Promise<void> {
    const deadline = performance.now() + readyTimeoutMs;
    while (!(await accepts(this.address))) {
      if (this.#hasEnded()) throw new Error(`${this.#child.spawnargs.join(" ")} ended before it was ready`);
      if (performance.now() > deadline) {
        await this.stop();
        throw new Error(`${this.#child.spawnargs.join(" ")} was not ready in time`);
      }
      await delay(pollMs);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("a listening server has no port");
  return address.port;
}

async function accepts(address: Address): Promise<boolean> {
  const socket = connect(address);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
