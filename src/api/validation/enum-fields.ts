import type { DescEnum } from "@bufbuild/protobuf";
import type { FieldViolations } from "./field-violations.ts";

/**
 * What an enum field says in the domain's words. A number that the table lacks is refused: one that a newer client
 * knows and we do not must not be taken for the default.
 */
export function readEnum<T>(
  violations: FieldViolations,
  field: string,
  schema: DescEnum,
  meanings: ReadonlyMap<number, T>,
  value: number,
): T | undefined {
  const meaning = meanings.get(value);
  if (meaning === undefined) violations.add(field, problemOf(schema, meanings, value));
  return meaning;
}

function problemOf(schema: DescEnum, meanings: ReadonlyMap<number, unknown>, value: number): string {
  const allowed = schema.values
    .filter(({ number }) => number !== 0 && meanings.has(number))
    .map(({ name }) => name)
    .join(", ");
  const sent = schema.value[value]?.name ?? `${value}, which is no ${schema.name}`;
  return `is ${sent}; one of ${allowed} is required`;
}
