import type { handleServerStreamingCall, Server, ServerWritableStream } from "@grpc/grpc-js";
import { HealthImplementation, type ServingStatus } from "grpc-health-check";

/** The name under which the health of the server as a whole is asked. */
const overall = "";

type Watch = ServerWritableStream<unknown, unknown>;
type WatchHandler = handleServerStreamingCall<unknown, unknown>;

/**
 * grpc.health.v1.Health for the server as a whole and for each of its services, which all stand on one database.
 * Serving until told otherwise: a server is started when its database has answered.
 */
export class Health {
  readonly #health = new HealthImplementation();
  readonly #names: readonly string[];
  readonly #watches = new Set<Watch>();
  #isStopped = false;

  constructor(serviceNames: readonly string[]) {
    this.#names = [overall, ...serviceNames];
    this.#set("SERVING");
  }

  addTo(server: Server): void {
    this.#health.addToServer({
      addService: (definition, implementation) =>
        server.addService(definition, {
          ...implementation,
          // The package declares its handlers as any kind of call; this one streams.
          watch: this.#tracked(implementation["watch"] as WatchHandler),
        }),
    });
  }

  /** Without effect once stopped. */
  setServing(isServing: boolean): void {
    if (!this.#isStopped) this.#set(isServing ? "SERVING" : "NOT_SERVING");
  }

  /** Not serving for good. Watches hear of it and end, or they would hold their connections open for ever. */
  stop(): void {
    this.setServing(false);
    this.#isStopped = true;
    for (const watch of this.#watches) watch.end();
  }

  #tracked(watch: WatchHandler): WatchHandler {
    return (call) => {
      this.#watches.add(call);
      call.once("cancelled", () => this.#watches.delete(call));
      watch(call);
      if (this.#isStopped) call.end();
    };
  }

  #set(status: ServingStatus): void {
    for (const name of this.#names) this.#health.setStatus(name, status);
  }
}
