import { InvalidRequestError, MessageTooLargeError } from "../../domain/errors/invalid-request-error.ts";

/** Whether the error says that a request could not be read at all, rather than what is wrong within it. */
export function isUnreadable(error: unknown): boolean {
  if (error instanceof MessageTooLargeError) return true;
  return error instanceof InvalidRequestError && error.violations.some(({ field }) => field === "request");
}
