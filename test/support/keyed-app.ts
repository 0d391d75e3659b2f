import type { MessageInitShape } from "@bufbuild/protobuf";
import { Role } from "../../gen/quota/v1/api_key_pb.ts";
import type { CreateApiKeyRequestSchema } from "../../gen/quota/v1/api_key_service_pb.ts";
import { aKeyFile } from "./api-keys.ts";
import { GrpcConnection } from "./grpc-client.ts";
import { startTestApp, type TestApp, type TestAppOptions } from "./test-app.ts";

/** The whole service with AUTH=required; its own connection carries the ADMIN key of the bootstrap file. */
export interface KeyedApp extends TestApp {
  readonly adminSecret: string;
  /** The secret of a new key, of the role SERVICE when none is named. */
  newKey(fields?: MessageInitShape<typeof CreateApiKeyRequestSchema>): Promise<{ id: string; secret: string }>;
  /** Another connection, closed with the app. */
  connect(secret?: string): GrpcConnection;
}

export async function startKeyedApp(
  options: TestAppOptions & { readonly adminSecret?: string } = {},
): Promise<KeyedApp> {
  const file = await aKeyFile(options.adminSecret);
  const app = await startTestApp({
    ...options,
    secret: file.secret,
    env: { AUTH: "required", BOOTSTRAP_ADMIN_KEY_FILE: file.path, ...options.env },
  });
  const connections: GrpcConnection[] = [];
  return {
    ...app,
    adminSecret: file.secret,
    newKey: async (fields = {}) => {
      const { apiKey, secret } = await app.apiKeys.createApiKey({
        displayName: "A key",
        role: Role.SERVICE,
        ...fields,
      });
      return { id: apiKey?.id ?? "", secret };
    },
    connect: (secret) => {
      const connection = new GrpcConnection(app.address, secret);
      connections.push(connection);
      return connection;
    },
    stop: async () => {
      for (const connection of connections) connection.close();
      await app.stop();
      await file.remove();
    },
  };
}
