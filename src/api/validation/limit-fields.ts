import { limitChoiceProblem } from "../../domain/checks.ts";
import type { FieldViolations } from "./field-violations.ts";

/** How plans and overrides write a limit. */
export interface WireLimit {
  readonly limit?: bigint | undefined;
  readonly unlimited: boolean;
}

/** The limit, `null` when unlimited; exactly one of `limit` and `unlimited: true` must have been given. */
export function readLimit(violations: FieldViolations, field: string, wire: WireLimit): bigint | null {
  violations.add(field, limitChoiceProblem(wire.limit, wire.unlimited));
  return wire.limit ?? null;
}
