import { type ServerProcess, startServerProcess } from "../support/server-process.ts";

/** Starts services and sees to it that a test that fails leaves none running. */
export class RunningServers {
  readonly #servers = new Set<ServerProcess>();

  async start(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
    const server = await startServerProcess(env);
    this.#servers.add(server);
    return server;
  }

  /** For `afterEach`; those that have ended by themselves are none the worse for it. */
  async kill(): Promise<void> {
    await Promise.all([...this.#servers].map((server) => server.end("SIGKILL")));
    this.#servers.clear();
  }
}
