/** The gRPC status codes of a failed call, by name. Connect's codes have the same numbers. */
export const statusCodes = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** For instance `"UNAVAILABLE"`. */
export type StatusCode = keyof typeof statusCodes;

const namesByNumber = new Map<number, StatusCode>(
  Object.entries(statusCodes).map(([name, number]) => [number, name as StatusCode]),
);

/** The name of a code; a number that no one has defined is UNKNOWN, as gRPC wants it. */
export function statusCodeOf(number: number): StatusCode {
  return namesByNumber.get(number) ?? "UNKNOWN";
}
