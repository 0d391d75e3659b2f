/** The two ends of a connection, as sockets and grpc-js have them. */
export interface ConnectionEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

const between = " > ";

/**
 * Names a connection so that no two open ones share the name. Both ends are in it: a client may come from one port to both
 * doors, and many a system reuses a port for another destination by itself.
 */
export function connectionName(ends: ConnectionEnds): string {
  return `${ends.remoteAddress}:${ends.remotePort}${between}${ends.localAddress}:${ends.localPort}`;
}

/** The peer's address in the name. */
export function addressIn(name: string): string {
  const end = name.indexOf(between);
  return (end === -1 ? name : name.slice(0, end)).replace(/:[0-9]+$/, "");
}
