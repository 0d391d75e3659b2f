import type { ApiServices } from "../../src/api/api-services.ts";
import type { Authenticator } from "../../src/api/auth/authenticator.ts";
import { OpenAuthenticator } from "../../src/api/auth/open-authenticator.ts";
import { type GrpcServer, startGrpcServer } from "../../src/api/grpc/start-grpc-server.ts";
import { GrpcConnection } from "../support/grpc-client.ts";
import { fakeServices } from "./fake-services.ts";

export interface LogLine {
  readonly level: "debug" | "error";
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** A real server on a free port with services that a test brings, and a connection to it. */
export interface TestServer {
  readonly server: GrpcServer;
  readonly port: number;
  readonly connection: GrpcConnection;
  readonly logged: LogLine[];
  stop(): Promise<void>;
}

export async function startTestServer(
  fakes: Parameters<typeof fakeServices>[0] = {},
  authenticator: Authenticator = new OpenAuthenticator(),
): Promise<TestServer> {
  const logged: LogLine[] = [];
  const services: ApiServices = fakeServices(fakes);
  const server = await startGrpcServer({
    listen: { host: "127.0.0.1", port: 0 },
    services,
    authenticator,
    log: {
      debug: (fields, message) => void logged.push({ level: "debug", fields, message }),
      error: (fields, message) => void logged.push({ level: "error", fields, message }),
    },
  });
  const { port } = server.address;
  const connection = new GrpcConnection(`127.0.0.1:${port}`);
  return {
    server,
    port,
    connection,
    logged,
    stop: async () => {
      connection.close();
      await server.drain(0);
    },
  };
}
