import { isIPv6 } from "node:net";

/** The first half of an IPv6 address is the network, within which its owner has addresses without end. */
const ipv6NetworkGroups = 4;
const ipv6Groups = 8;

/** The address, of IPv6 its network, and of an IPv4 address in the dress of IPv6 the former. */
export function networkOf(peer: string): string {
  if (!isIPv6(peer)) return peer;
  const ipv4 = /^::ffff:([0-9.]+)$/i.exec(peer)?.[1];
  if (ipv4 !== undefined) return ipv4;
  const [head = "", tail] = peer.replace(/%.*$/, "").split("::");
  const before = head.split(":").filter((group) => group !== "");
  const after = (tail ?? "").split(":").filter((group) => group !== "");
  const zeros = tail === undefined ? 0 : Math.max(ipv6Groups - before.length - after.length, 0);
  const groups = [...before, ...Array<string>(zeros).fill("0"), ...after];
  return groups
    .slice(0, ipv6NetworkGroups)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
