import { BlockList, isIP } from "node:net";
import { quoted } from "../../domain/echo.ts";
import { CredentialMissingError } from "../../domain/errors/access-errors.ts";
import type { Principal } from "../../domain/principal.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Caller } from "./caller.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

const anyone: Principal = { name: "without authentication" };

/** Names believed in so far. A caller cannot make it grow: only names of this machine get in, and of those there are few. */
const hostsRememberedMax = 1_000;

/**
 * AUTH=none: whoever reaches the port may do everything. A browser on this machine reaches it too, on behalf of any page
 * whose name its owner lets resolve to 127.0.0.1 (DNS rebinding), so the name by which the call came must be this machine's.
 */
export class OpenAuthenticator implements Authenticator {
  readonly #trusted = new Set<string>();

  authenticate({ host = "" }: Caller): Principal {
    if (this.#trusted.has(host)) return anyone;
    if (!isLoopbackHost(host)) {
      throw new CredentialMissingError(
        `without authentication only calls to localhost are answered, and this one is to ${quoted(host)}`,
      );
    }
    if (this.#trusted.size < hostsRememberedMax) this.#trusted.add(host);
    return anyone;
  }
}

/** "localhost", "127.0.0.1:50051", "[::1]:50051": a name that no DNS server outside can point elsewhere. */
export function isLoopbackHost(host: string): boolean {
  const [, bracketed, plain = ""] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::[0-9]{1,5})?$/.exec(host) ?? [];
  const name = bracketed ?? plain;
  const version = isIP(name);
  if (version === 0) return bracketed === undefined && name.toLowerCase() === "localhost";
  return (version === 6) === (bracketed !== undefined) && loopback.check(name, version === 4 ? "ipv4" : "ipv6");
}
