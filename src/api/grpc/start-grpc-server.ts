import { Server, type ServerCredentials, setLogger } from "@grpc/grpc-js";
import { Health as HealthService } from "../../../gen/health/v1/health_pb.ts";
import { requestBytesMax } from "../../domain/bounds.ts";
import { connectionBounds } from "../abuse/connection-bounds.ts";
import { DoorBounds } from "../abuse/door-bounds.ts";
import { ActiveCalls } from "../active-calls.ts";
import type { ApiServices } from "../api-services.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { OutageLog } from "../errors/outage-log.ts";
import { addressText, type ListenAddress, ListenError } from "../listen-error.ts";
import type { Log } from "../log.ts";
import { servedServices } from "../served-services.ts";
import type { Tls } from "../tls.ts";
import { withoutLongHeaders } from "./bounded-headers.ts";
import { drainServer } from "./drain-server.ts";
import { Health } from "./health.ts";
import { boundHeaders, http2Servers } from "./http2-servers.ts";
import { withoutDoubledCredentials } from "./one-credential.ts";
import { addReflection } from "./reflection.ts";
import { serverCredentials } from "./server-credentials.ts";
import { transportErrors } from "./transport-errors.ts";
import { unaryService } from "./unary-service.ts";

export interface GrpcServerOptions {
  readonly listen: ListenAddress;
  readonly services: ApiServices;
  readonly authenticator: Authenticator;
  /** Whether anybody may ask for the contract. */
  readonly reflection: boolean;
  /** Absent: without encryption. */
  readonly tls?: Tls;
  readonly log: Log;
  /** Shared with the other door; absent: the defaults, for this one alone. */
  readonly bounds?: DoorBounds;
}

export interface GrpcServer {
  /** Where it listens, with the port that was found when any was asked for. */
  readonly address: ListenAddress;
  /** What health checks answer; serving at first. Without effect once draining. */
  setServing(isServing: boolean): void;
  /**
   * Stops: health checks say so, new calls get DRAINING, calls in flight finish, connections close. What is left after
   * the deadline is cut off. Calling it again returns the same promise, which never rejects.
   */
  drain(deadlineMs: number): Promise<void>;
}

/** Clients that vanished without a word are noticed by a ping after this long without traffic. */
const keepaliveTimeMs = 60_000;
/** For the calls of a connection that has come of age: longer than any call waits. */
const connectionAgeGraceMs = 60_000;

/**
 * Serves the contract over gRPC, with health checks and reflection.
 *
 * @throws ListenError when the address is taken or is none of this machine's
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { listen, services, authenticator, log, bounds = new DoorBounds(log) } = options;
  // grpc-js prints to the console by itself, a taken port for one.
  setLogger({ error: (text: string) => log.debug({}, text) });
  const calls = new ActiveCalls();
  const served = servedServices(services);
  const health = new Health(served.map(({ service }) => service.typeName));
  const server = new Server({
    "grpc.max_receive_message_length": requestBytesMax,
    "grpc.max_concurrent_streams": connectionBounds.streamsPerConnectionMax,
    "grpc.max_connection_age_ms": bounds.options.connectionAgeMaxMs,
    "grpc.max_connection_age_grace_ms": connectionAgeGraceMs,
    "grpc.max_connection_idle_ms": bounds.options.connectionIdleMaxMs,
    "grpc.keepalive_time_ms": keepaliveTimeMs,
    "grpc.enable_channelz": 0,
    interceptors: [transportErrors(bounds.connections)],
  });
  boundHeaders(server);
  const context = { calls, authenticator, bounds, log: new OutageLog(log) };
  for (const service of served) {
    const { definition, implementation } = unaryService(service, context);
    server.addService(definition, implementation);
  }
  health.addTo(server);
  if (options.reflection) addReflection(server, [...served.map(({ service }) => service), HealthService]);
  const address = { host: listen.host, port: await bind(server, listen, serverCredentials(options.tls)) };
  for (const http2Server of http2Servers(server)) {
    bounds.connections.watch(http2Server, http2Server);
    withoutLongHeaders(http2Server);
    withoutDoubledCredentials(http2Server);
  }
  let drained: Promise<void> | undefined;
  return {
    address,
    setServing: (isServing) => health.setServing(isServing),
    drain: (deadlineMs) => (drained ??= drainServer({ server, address, calls, health }, deadlineMs)),
  };
}

async function bind(server: Server, listen: ListenAddress, credentials: ServerCredentials): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.bindAsync(addressText(listen), credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(new ListenError("gRPC", listen, error));
    });
  });
}
