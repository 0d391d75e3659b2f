export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** The form in which addresses are written: `127.0.0.1:50051`, `[::1]:50051`. */
export function addressText({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

const reasonsByCode: readonly (readonly [string, string])[] = [
  ["EADDRINUSE", "the port is taken"],
  ["EADDRNOTAVAIL", "this machine has no such address"],
  ["EACCES", "this user may not listen there"],
];

/** The address cannot be listened on. The message is one line for whoever started the service. */
export class ListenError extends Error {
  override readonly name = "ListenError";

  constructor(door: "gRPC" | "HTTP", address: ListenAddress, cause: Error) {
    // grpc-js puts the system's errors, of which there is one for each resolved address, into the text of its own.
    const reason = reasonsByCode.find(([code]) => cause.message.includes(code))?.[1] ?? cause.message;
    super(`cannot listen for ${door} on ${addressText(address)}: ${reason}`, { cause });
  }
}
