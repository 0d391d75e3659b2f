import type { NodeResponse } from "./exchange.ts";

/** Answers of an API are data: nothing in them may be run, framed or taken for something else. */
const headers: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

/** A year, as RFC 6797 has it in its examples. */
const strictTransport = "max-age=31536000";

/** @param isSecure whether the connection is encrypted; promising that for later connections means nothing otherwise */
export function setSecurityHeaders(response: NodeResponse, isSecure: boolean): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (isSecure) response.setHeader("strict-transport-security", strictTransport);
}
