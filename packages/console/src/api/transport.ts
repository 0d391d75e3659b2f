import { ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { requestIdHeader } from "./failure.ts";
import { newRequestId } from "./request-id.ts";

/** A read that takes longer than this is given up; the service's own statements end after half of it by default. */
const callTimeoutMs = 15_000;

/**
 * Calls the service that hosts the console.
 *
 * Reads go out as POST although the protocol would allow GET: an address ends up in access logs and in the browser's history,
 * and these would hold tenant ids and page tokens.
 *
 * @param credential an API key or a token; absent where the service asks for none
 */
export function createTransport(baseUrl: string, credential: string | undefined): Transport {
  return createConnectTransport({
    baseUrl,
    defaultTimeoutMs: callTimeoutMs,
    interceptors: [identify(credential)],
    // The service may be asked for a cookie by nobody.
    fetch: (input, init) => fetch(input, { ...init, credentials: "omit", cache: "no-store" }),
  });
}

/** Adds the credential, and an id under which a failed call can be found in the service's log. */
function identify(credential: string | undefined): Interceptor {
  return (next) => async (request) => {
    const requestId = newRequestId();
    request.header.set(requestIdHeader, requestId);
    if (credential !== undefined) request.header.set("authorization", `Bearer ${credential}`);
    try {
      return await next(request);
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      if (!error.metadata.has(requestIdHeader)) error.metadata.set(requestIdHeader, requestId);
      throw error;
    }
  };
}
