import { Server, ServerCredentials } from "@grpc/grpc-js";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { DoorBounds } from "../../src/api/abuse/door-bounds.ts";
import { ActiveCalls } from "../../src/api/active-calls.ts";
import type { ApiServices } from "../../src/api/api-services.ts";
import { OpenAuthenticator } from "../../src/api/auth/open-authenticator.ts";
import { http2Servers } from "../../src/api/grpc/http2-servers.ts";
import { transportErrors } from "../../src/api/grpc/transport-errors.ts";
import { unaryService } from "../../src/api/grpc/unary-service.ts";
import { served } from "../../src/api/served-services.ts";
import type { HandlerOf } from "../../src/api/unary-handler.ts";
import { createLogger } from "../../src/infrastructure/telemetry/logger.ts";

/** Where the bench wants a server to listen, as the service is told. */
export function listenAddress(): { readonly host: string; readonly port: number } {
  const [host = "", port = ""] = (process.env["GRPC_LISTEN"] ?? "").split(":");
  return { host, port: Number(port) };
}

/** Ends the process when the bench says so; what is in flight is nobody's any more. */
export function endOnSignal(): void {
  process.on("SIGTERM", () => process.exit(0));
}

export const log = createLogger("warn");

const refuse = () => Promise.reject(new Error("this server serves RecordUsage only"));

/** Use cases of which every other one refuses, whichever there are. */
export function servicesWith(tracking: ApiServices["tracking"]): ApiServices {
  const refusing: object = new Proxy({}, { get: () => refuse });
  return new Proxy({}, { get: (_, name) => (name === "tracking" ? tracking : refusing) }) as ApiServices;
}

type RecordUsageHandler = HandlerOf<typeof QuotaService.method.recordUsage>;

/**
 * The service's own door with another RecordUsage behind it: same library, same options, same adapter, same messages, same
 * guard over its connections, and neither validation nor mapping.
 */
export async function serveRecordUsage(recordUsage: RecordUsageHandler): Promise<void> {
  const bounds = new DoorBounds(log);
  const { definition, implementation } = unaryService(
    served(QuotaService, { recordUsage, checkQuota: refuse, getStatus: refuse, listEvents: refuse }),
    { calls: new ActiveCalls(), authenticator: new OpenAuthenticator(), bounds, log },
  );
  const server = new Server({
    // Those of startGrpcServer's that a call meets.
    "grpc.max_receive_message_length": 64 * 1024,
    "grpc.max_concurrent_streams": 1_024,
    "grpc.keepalive_time_ms": 60_000,
    "grpc.enable_channelz": 0,
    interceptors: [transportErrors(bounds.connections)],
  });
  server.addService(definition, implementation);
  const { host, port } = listenAddress();
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  for (const http2Server of http2Servers(server)) bounds.connections.watch(http2Server, http2Server);
  endOnSignal();
}
