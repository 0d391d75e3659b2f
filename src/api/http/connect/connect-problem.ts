import { type Answer, jsonAnswer } from "../exchange.ts";

/** The codes that Connect's clients conclude from these statuses themselves, so that both agree. */
const codes = { 404: "unimplemented", 405: "unimplemented", 415: "unknown" } as const;

/** What is wrong with a request before it is known to be a call, in the form of an error of Connect. */
export function connectProblem(
  status: keyof typeof codes,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return jsonAnswer(status, { code: codes[status], message }, { "cache-control": "no-store", ...headers });
}
