import type { Authenticator } from "./api/auth/authenticator.ts";
import { CredentialAuthenticator, type CredentialVerifier } from "./api/auth/credential-authenticator.ts";
import { OpenAuthenticator } from "./api/auth/open-authenticator.ts";
import type { Config, JwtConfig } from "./config/config.ts";
import { isLoopback, listenAddressText } from "./config/listen-address.ts";
import { apiKeySecrets } from "./infrastructure/api-key-secrets.ts";
import type { PostgresStorage } from "./infrastructure/database/open-storage.ts";
import { fileKeys, type IssuerKeys, remoteKeys } from "./infrastructure/jwt/issuer-keys.ts";
import { JwtVerifier } from "./infrastructure/jwt/jwt-verifier.ts";
import type { Logger } from "./infrastructure/telemetry/logger.ts";
import { ApiKeyVerifier } from "./services/api-key-verifier.ts";
import type { BatchQueueBounds } from "./services/batch-queue.ts";

export interface Authentication {
  readonly authenticator: Authenticator;
  /** Writes down what is not written yet. Comes before the storage is closed. */
  close(): Promise<void>;
}

/**
 * How callers are known, as the configuration says: what the database holds has no say in it.
 *
 * @throws KeyFileError
 */
export async function openAuthentication(
  config: Config,
  storage: Pick<PostgresStorage, "apiKeyDirectory">,
  bounds: BatchQueueBounds,
  log: Logger,
): Promise<Authentication> {
  if (config.auth === "none") {
    log.info("AUTH is none: whoever reaches the port from this machine may do everything");
    return { authenticator: new OpenAuthenticator(), close: async () => undefined };
  }
  const exposed = [config.grpcListen, config.httpListen].filter((address) => !isLoopback(address));
  if (config.tls === undefined && exposed.length > 0) {
    const listen = exposed.map(listenAddressText);
    log.warn(
      { listen },
      "credentials cross the network unencrypted unless something in front of the service speaks TLS",
    );
  }
  const keys = config.jwt === undefined ? undefined : await issuerKeys(config.jwt, log);
  const apiKeys = new ApiKeyVerifier(storage.apiKeyDirectory, apiKeySecrets, bounds);
  if (config.jwt === undefined || keys === undefined) {
    return { authenticator: new CredentialAuthenticator([apiKeys]), close: () => apiKeys.close() };
  }
  const verifiers: CredentialVerifier[] = [apiKeys, new JwtVerifier(keys, config.jwt)];
  return {
    authenticator: new CredentialAuthenticator(verifiers),
    close: async () => {
      keys.close();
      await apiKeys.close();
    },
  };
}

async function issuerKeys({ keys }: JwtConfig, log: Logger): Promise<IssuerKeys> {
  return "url" in keys ? remoteKeys(keys.url) : await fileKeys(keys.file, log);
}
