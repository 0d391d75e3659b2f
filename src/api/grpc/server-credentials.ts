import { ServerCredentials } from "@grpc/grpc-js";
import type { Tls, TlsContext } from "../tls.ts";

export function serverCredentials(tls: Tls | undefined): ServerCredentials {
  return tls === undefined ? ServerCredentials.createInsecure() : new ChangingCredentials(tls);
}

/** Hands a new certificate to the server that listens, which takes it for the connections to come. */
class ChangingCredentials extends ServerCredentials {
  constructor(tls: Tls) {
    super({ requestCert: tls.demandsClientCertificate, rejectUnauthorized: true }, contextOf(tls.current));
    tls.onChange((context) => this.updateSecureContextOptions(contextOf(context)));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOf({ cert, key, ca }: TlsContext) {
  return { cert, key, ...(ca === undefined ? {} : { ca }) };
}
