import { DoorBounds } from "../abuse/door-bounds.ts";
import { ActiveCalls } from "../active-calls.ts";
import type { ApiServices } from "../api-services.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { OutageLog } from "../errors/outage-log.ts";
import type { ListenAddress } from "../listen-error.ts";
import type { Log } from "../log.ts";
import { servedServices } from "../served-services.ts";
import { settledWithin } from "../settled-within.ts";
import type { Tls } from "../tls.ts";
import { Cors } from "./cors.ts";
import { type Answer, Exchange, jsonAnswer } from "./exchange.ts";
import { HttpListener } from "./http-listener.ts";
import { Readiness } from "./readiness.ts";
import { routesOf } from "./routes.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import { StaticFiles } from "./static-files.ts";

export interface HttpServerOptions {
  readonly listen: ListenAddress;
  readonly services: ApiServices;
  readonly authenticator: Authenticator;
  readonly log: Log;
  /** Shared with the other door; absent: the defaults, for this one alone. */
  readonly bounds?: DoorBounds;
  /** Origins whose scripts may read answers. */
  readonly corsOrigins: readonly string[];
  /** Where the console was built, served at `/console/`. It may be missing. */
  readonly consoleFolder: string;
  /** Absent: without encryption. */
  readonly tls?: Tls;
}

export interface HttpServer {
  /** Where it listens, with the port that was found when any was asked for. */
  readonly address: ListenAddress;
  /** What `/readyz` answers; ready at first. Without effect once draining. */
  setServing(isServing: boolean): void;
  /**
   * Stops: `/readyz` says so, new calls get DRAINING, calls in flight finish, connections close. What is left after the
   * deadline is cut off. Calling it again returns the same promise, which never rejects.
   */
  drain(deadlineMs: number): Promise<void>;
}

/** For sockets to report that they are closed, after they were told to. */
const closingGraceMs = 1_000;

/**
 * Serves the contract over HTTP: Connect, gRPC-Web, the two REST endpoints, probes, and the console.
 *
 * @throws ListenError when the address is taken or is none of this machine's
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const log = new OutageLog(options.log);
  const calls = new ActiveCalls();
  const { bounds = new DoorBounds(options.log) } = options;
  const readiness = new Readiness();
  const cors = new Cors(options.corsOrigins);
  const route = routesOf({
    services: servedServices(options.services),
    serving: { calls, authenticator: options.authenticator, bounds, log },
    readiness,
    console: new StaticFiles("/console", options.consoleFolder),
  });

  async function serve(exchange: Exchange): Promise<void> {
    setSecurityHeaders(exchange.response, options.tls !== undefined);
    exchange.response.setHeader("x-request-id", exchange.requestId);
    if (readiness.isDraining) exchange.closeAfterwards();
    exchange.send(cors.apply(exchange) ?? (await route(exchange)));
  }

  const listener = new HttpListener((request, response) => {
    const exchange = new Exchange(request, response, bounds);
    serve(exchange).catch((error: unknown) => {
      log.error({ requestId: exchange.requestId, path: exchange.path, err: error }, "a request failed unexpectedly");
      exchange.send(defect(exchange.requestId));
    });
  }, options.tls);
  listener.guardBy(bounds.connections);

  const address = await listener.listen(options.listen);
  let drained: Promise<void> | undefined;
  return {
    address,
    setServing: (isServing) => readiness.setServing(isServing),
    drain: (deadlineMs) => (drained ??= drain(deadlineMs)),
  };

  async function drain(deadlineMs: number): Promise<void> {
    const endsAt = performance.now() + deadlineMs;
    readiness.drain();
    await settledWithin(calls.drain(), deadlineMs);
    const closed = listener.close();
    await settledWithin(closed, Math.max(endsAt - performance.now(), 0));
    listener.destroy();
    await settledWithin(closed, closingGraceMs);
  }
}

function defect(requestId: string): Answer {
  const message = `internal error; the service's log has it under request id ${requestId}`;
  return jsonAnswer(500, { code: "internal", message }, { "cache-control": "no-store" });
}
