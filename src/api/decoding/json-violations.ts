import { type DescField, type DescMessage, fromJson, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { echoOf, quoted } from "../../domain/echo.ts";
import type { FieldViolation } from "../../domain/errors/invalid-request-error.ts";
import type { JsonLoss } from "./json-losses.ts";
import { isJsonObject, type Json } from "./read-json.ts";

/** Names told when one is not known. */
const namesToldMax = 20;

/**
 * What keeps a JSON value from being this message, every field of it. Whether a value is good, the library decides, on
 * each field alone; that its words are for programmers of the library is why they are replaced.
 */
export function violationsOfJson(schema: DescMessage, value: Json, path = ""): FieldViolation[] {
  if (!isJsonObject(value)) {
    return [{ field: path === "" ? "request" : path, description: `is ${shown(value)}, not a JSON object` }];
  }
  const nameOf = new Map<string, string>();
  return Object.entries(value).flatMap(([name, member]): FieldViolation[] => {
    const field = fieldNamed(schema, name);
    if (field === undefined) return [unknownField(schema, joined(path, echoOf(name)))];
    const fieldPath = joined(path, field.name);
    const earlier = nameOf.get(field.name);
    if (earlier !== undefined) return [{ field: fieldPath, description: `is given twice, as ${earlier} and ${name}` }];
    nameOf.set(field.name, name);
    return violationsOfField(schema, field, member, fieldPath);
  });
}

/** The same for what the value does not show. A loss inside of free JSON is told of the field that holds it. */
export function violationOfLoss(
  schema: DescMessage,
  { path, repeated, lost, advice, isTooDeep }: JsonLoss,
): FieldViolation {
  const whole = repeated === undefined ? path : [...path, repeated];
  const { field, depth } = fieldAt(schema, whole);
  if (isTooDeep === true) return { field, description: "is nested too deeply" };
  const isField = depth === whole.length;
  if (repeated === undefined) {
    return { field, description: `${isField ? "is" : "holds"} ${lost}${advice === undefined ? "" : `; ${advice}`}` };
  }
  return { field, description: isField ? "is given more than once" : `holds ${quoted(repeated)} more than once` };
}

/** How far a path leads through messages, in the contract's names. */
function fieldAt(schema: DescMessage, path: JsonLoss["path"]): { readonly field: string; readonly depth: number } {
  let message: DescMessage | undefined = schema;
  let field = "";
  let depth = 0;
  for (const place of path) {
    if (typeof place === "number") {
      field = `${field}[${place}]`;
    } else {
      const found: DescField | undefined = message === undefined ? undefined : fieldNamed(message, place);
      field = joined(field, found?.name ?? echoOf(place));
      message = found?.message;
    }
    depth += 1;
    if (message === undefined || isWellKnown(message)) break;
  }
  return { field: field === "" ? "request" : field, depth };
}

function violationsOfField(schema: DescMessage, field: DescField, value: Json, path: string): FieldViolation[] {
  // JSON's way to leave a field out.
  if (value === null) return [];
  if (field.fieldKind === "list") {
    if (!Array.isArray(value)) return [{ field: path, description: `is ${shown(value)}, not a JSON array` }];
    return value.flatMap((item: Json, index) => violationsOfOne(schema, field, item, `${path}[${index}]`));
  }
  return violationsOfOne(schema, field, value, path);
}

function violationsOfOne(schema: DescMessage, field: DescField, value: Json, path: string): FieldViolation[] {
  if (field.message !== undefined && !isWellKnown(field.message)) return violationsOfJson(field.message, value, path);
  if (isReadable(schema, field, value)) return [];
  return [{ field: path, description: `is ${shown(value)}, not ${allowedIn(field)}` }];
}

function isReadable(schema: DescMessage, field: DescField, value: Json): boolean {
  // The library reads "0x10" as 16 and " 5" as 5; other readers of the same contract do not.
  if (isInteger(field) && typeof value === "string" && !/^-?(?:0|[1-9][0-9]*)$/.test(value)) return false;
  try {
    fromJson(schema, { [field.name]: field.fieldKind === "list" ? [value as JsonValue] : (value as JsonValue) });
    return true;
  } catch {
    return false;
  }
}

function unknownField(schema: DescMessage, path: string): FieldViolation {
  const names = schema.fields.slice(0, namesToldMax).map(({ name }) => name);
  const known = names.length === 0 ? "there are none" : `known are ${names.join(", ")}`;
  return { field: path, description: `is not known; ${known}` };
}

function allowedIn(field: DescField): string {
  if (field.enum !== undefined) return `one of ${field.enum.values.map(({ name }) => name).join(", ")}`;
  if (field.message?.typeName === "google.protobuf.Timestamp") return "a time such as 2026-11-24T09:30:00Z";
  if (field.message !== undefined) return "a JSON object";
  if (isInteger(field)) {
    const bits = wideIntegers.includes(field.scalar) ? 64 : 32;
    return `a whole number of at most ${bits} bits, as it is or as text in decimal digits`;
  }
  return field.scalar === ScalarType.BOOL ? "true or false" : "text in quotation marks";
}

const wideIntegers: readonly (ScalarType | undefined)[] = [ScalarType.INT64, ScalarType.UINT64];
const integers: readonly (ScalarType | undefined)[] = [...wideIntegers, ScalarType.INT32, ScalarType.UINT32];

function isInteger(field: DescField): boolean {
  return integers.includes(field.scalar);
}

function fieldNamed(schema: DescMessage, name: string): DescField | undefined {
  return schema.fields.find((field) => field.jsonName === name || field.name === name);
}

function isWellKnown({ typeName }: DescMessage): boolean {
  return typeName.startsWith("google.protobuf.");
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** A value, as a description has it. */
export function shown(value: Json): string {
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
