import { quoted } from "../../../domain/echo.ts";
import { InvalidRequestError } from "../../../domain/errors/invalid-request-error.ts";
import type { Exchange } from "../exchange.ts";
import type { WireProtocol } from "./wire-form.ts";

/** What a timer can wait for; it is 24 days. */
const timerMaxMs = 2 ** 31 - 1;

const unitsMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * How long the caller will wait.
 *
 * @throws InvalidRequestError
 */
export function timeoutMsOf(protocol: WireProtocol, exchange: Exchange): number | undefined {
  const name = protocol === "grpc-web" ? "grpc-timeout" : "connect-timeout-ms";
  const text = exchange.header(name);
  if (text === undefined) return undefined;
  const pattern = protocol === "grpc-web" ? /^([0-9]{1,8})([HMSmun])$/ : /^([0-9]{1,10})$/;
  const [, digits, unit = "m"] = pattern.exec(text) ?? [];
  if (digits === undefined) throw invalid(`has a ${name} of ${quoted(text)}, which is none`);
  return Math.min(Number(digits) * (unitsMs[unit] ?? 1), timerMaxMs);
}

/** By which name the message's compression is known. */
export function encodingOf(protocol: WireProtocol, exchange: Exchange): string {
  if (protocol === "connect-get") return new URLSearchParams(exchange.query).get("compression") || "identity";
  return exchange.header(protocol === "grpc-web" ? "grpc-encoding" : "content-encoding")?.toLowerCase() || "identity";
}

/** @throws InvalidRequestError when the caller speaks another version of Connect than the one there is */
export function requireKnownVersion(protocol: WireProtocol, exchange: Exchange): void {
  if (protocol === "grpc-web") return;
  const sent =
    protocol === "connect-get"
      ? new URLSearchParams(exchange.query).get("connect")?.replace(/^v/, "")
      : exchange.header("connect-protocol-version");
  if (sent !== undefined && sent !== "1") throw invalid(`speaks version ${quoted(sent)} of Connect; known is 1`);
}

function invalid(description: string): InvalidRequestError {
  return new InvalidRequestError([{ field: "request", description }]);
}
