import { cors } from "@connectrpc/connect";
import { requestIdHeader } from "../request-id.ts";
import type { Answer, Exchange } from "./exchange.ts";
import { tenantIdHeader } from "./rest/tenant-header.ts";

/** How long a browser may remember the answer to a preflight; Chrome remembers none for longer. */
const preflightAgeSeconds = 7_200;

const allowedHeaders = [...cors.allowedHeaders, "Authorization", tenantIdHeader, requestIdHeader].join(", ");
const exposedHeaders = [...cors.exposedHeaders, requestIdHeader, "Retry-After"].join(", ");

/**
 * Lets scripts of the named origins, and of no others, read answers. Credentials are those that a script sends itself:
 * cookies are never allowed.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>;

  /** @param origins as browsers send them: `https://console.example.com`, without a path */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** Marks the answer, and answers a preflight, which is no call. */
  apply(exchange: Exchange): Answer | undefined {
    if (this.#origins.size === 0) return undefined;
    const { method, response } = exchange;
    response.setHeader("vary", "Origin");
    const origin = exchange.header("origin");
    if (origin === undefined || !this.#origins.has(origin)) return undefined;
    response.setHeader("access-control-allow-origin", origin);
    if (method !== "OPTIONS" || exchange.header("access-control-request-method") === undefined) {
      response.setHeader("access-control-expose-headers", exposedHeaders);
      return undefined;
    }
    return {
      status: 204,
      headers: {
        "access-control-allow-methods": cors.allowedMethods.join(", "),
        "access-control-allow-headers": allowedHeaders,
        "access-control-max-age": String(preflightAgeSeconds),
      },
    };
  }
}
