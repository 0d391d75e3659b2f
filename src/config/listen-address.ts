import { BlockList, isIPv4, isIPv6 } from "node:net";

/** Where a server listens. */
export interface ListenAddress {
  /** An IPv4 address, an IPv6 address without brackets, or a host name. */
  readonly host: string;
  /** 0 … 65535; 0 takes a free one. */
  readonly port: number;
}

const portMax = 65_535;

/** The last label of a name is no number: "256.0.0.1" is an address with a slip in it, and no name. */
const hostNamePattern = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?$/i;
const hostNameLengthMax = 253;

const loopbackAddresses = new BlockList();
loopbackAddresses.addSubnet("127.0.0.0", 8, "ipv4");
loopbackAddresses.addAddress("::1", "ipv6");

/**
 * Reads "127.0.0.1:50051", "[::1]:50051" or "localhost:50051". An address without a host or a port is refused, because
 * what it leaves out is where services listen wider than their owners meant.
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(0|[1-9][0-9]{0,4})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > portMax) return undefined;
  if (bracketed !== undefined) return isPlainIpv6(bracketed) ? { host: bracketed, port } : undefined;
  if (plain === undefined || !(isIPv4(plain) || isHostName(plain))) return undefined;
  return { host: plain, port };
}

/** The address in the form in which it was read: an IPv6 address in brackets. */
export function listenAddressText({ host, port }: ListenAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine can reach it. */
export function isLoopback({ host }: ListenAddress): boolean {
  if (isIPv4(host)) return loopbackAddresses.check(host, "ipv4");
  if (isIPv6(host)) return loopbackAddresses.check(host, "ipv6");
  return host.toLowerCase() === "localhost";
}

/** A zone ("fe80::1%eth0") names an interface of one machine; none of our servers understands it. */
function isPlainIpv6(text: string): boolean {
  return isIPv6(text) && !text.includes("%");
}

function isHostName(text: string): boolean {
  return text.length <= hostNameLengthMax && hostNamePattern.test(text);
}
