import type { TlsConfig } from "./config.ts";
import * as variables from "./config-variables.ts";
import { type Environment, incomplete, readOptional } from "./read-variable.ts";

export function readTls(env: Environment): TlsConfig | undefined {
  const certFile = readOptional(env, variables.tlsCertFile);
  const keyFile = readOptional(env, variables.tlsKeyFile);
  const clientCaFile = readOptional(env, variables.tlsClientCaFile);
  if (certFile !== undefined && keyFile !== undefined) {
    return { certFile, keyFile, ...(clientCaFile === undefined ? {} : { clientCaFile }) };
  }
  // Going on without encryption would be the opposite of what was meant.
  if (certFile !== undefined) throw incomplete(variables.tlsCertFile, certFile, variables.tlsKeyFile);
  if (keyFile !== undefined) throw incomplete(variables.tlsKeyFile, keyFile, variables.tlsCertFile);
  if (clientCaFile !== undefined) throw incomplete(variables.tlsClientCaFile, clientCaFile, variables.tlsCertFile);
  return undefined;
}
