import { randomUUID } from "node:crypto";

export const requestIdHeader = "x-request-id";
const requestIdPattern = /^[\x20-\x7e]{1,64}$/;

/** The id that the caller chose, when it can be logged as it is, else one of our own. */
export function requestIdFrom(sent: unknown): string {
  return typeof sent === "string" && requestIdPattern.test(sent) ? sent : randomUUID();
}
