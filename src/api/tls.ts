/** A certificate with its key, and whose certificates callers must show, all in PEM. */
export interface TlsContext {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

/** What a door encrypts with. It changes while the door is open; connections keep what they began with. */
export interface Tls {
  readonly current: TlsContext;
  /** Whether a caller without a certificate of `ca` is turned away in the handshake. Does not change. */
  readonly demandsClientCertificate: boolean;
  /** Called with each later context, which has been checked. */
  onChange(listener: (context: TlsContext) => void): void;
}
