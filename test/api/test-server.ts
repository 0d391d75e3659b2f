import type { DoorBounds } from "../../src/api/abuse/door-bounds.ts";
import type { ApiServices } from "../../src/api/api-services.ts";
import type { Authenticator } from "../../src/api/auth/authenticator.ts";
import { OpenAuthenticator } from "../../src/api/auth/open-authenticator.ts";
import { type GrpcServer, startGrpcServer } from "../../src/api/grpc/start-grpc-server.ts";
import { type HttpServer, type HttpServerOptions, startHttpServer } from "../../src/api/http/start-http-server.ts";
import { GrpcConnection } from "../support/grpc-client.ts";
import { fakeServices } from "./fake-services.ts";

export interface LogLine {
  readonly level: "debug" | "error";
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** Both doors on free ports, with services that a test brings, and a connection to the gRPC one. */
export interface TestServer {
  readonly server: GrpcServer;
  readonly port: number;
  readonly http: HttpServer;
  readonly httpUrl: string;
  readonly connection: GrpcConnection;
  readonly logged: LogLine[];
  stop(): Promise<void>;
}

export async function startTestServer(
  fakes: Parameters<typeof fakeServices>[0] = {},
  authenticator: Authenticator = new OpenAuthenticator(),
  httpOptions: Partial<HttpServerOptions> = {},
  bounds?: DoorBounds,
): Promise<TestServer> {
  const logged: LogLine[] = [];
  const services: ApiServices = fakeServices(fakes);
  const options = {
    listen: { host: "127.0.0.1", port: 0 },
    services,
    authenticator,
    reflection: true,
    ...(bounds === undefined ? {} : { bounds }),
    log: {
      debug: (fields: LogLine["fields"], message: string) => void logged.push({ level: "debug", fields, message }),
      error: (fields: LogLine["fields"], message: string) => void logged.push({ level: "error", fields, message }),
    },
  };
  const server = await startGrpcServer(options);
  const http = await startHttpServer({ ...options, corsOrigins: [], consoleFolder: "missing", ...httpOptions });
  const { port } = server.address;
  const connection = new GrpcConnection(`127.0.0.1:${port}`);
  return {
    server,
    port,
    http,
    httpUrl: `http://127.0.0.1:${http.address.port}`,
    connection,
    logged,
    stop: async () => {
      connection.close();
      await Promise.all([server.drain(0), http.drain(0)]);
    },
  };
}
