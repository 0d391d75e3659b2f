import type { DescEnum, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { RoleSchema } from "../../../../gen/quota/v1/api_key_pb.ts";
import { ControlObjectKind } from "../../../../gen/quota/v1/control_change_pb.ts";
import { LimitEnforcementSchema, PeriodKindSchema } from "../../../../gen/quota/v1/usage_pb.ts";
import { validateInstant } from "../api/bounds.ts";
import { enforcementNames, periodKindNames } from "./names.ts";
import { formatCount } from "./numbers.ts";

/** The enums of the objects that are changed, by the names that their JSON form has for the values. */
const wordsByEnumName = new Map<string, string>([
  ...wordsOf(LimitEnforcementSchema, enforcementNames),
  ...wordsOf(PeriodKindSchema, periodKindNames),
  ...wordsOf(RoleSchema, {}),
]);

function wordsOf(schema: DescEnum, words: Readonly<Record<number, string>>): (readonly [string, string])[] {
  return schema.values.map(({ name, localName, number }) => [name, words[number] ?? localName]);
}

/** What one field of a changed object holds: an instant, to be written in the chosen zone, or a text for people. */
export type ChangeValue = { readonly instant: Date } | { readonly text: string };

const instantField = /(^|\.)([a-z]+At|anchor)$/i;
const countField = /(^|\.)limit$/;

/**
 * Reads a leaf of the JSON form of an object.
 *
 * @param path such as `limits[api_calls].limit`
 */
export function changeValueOf(path: string, text: string): ChangeValue {
  if (instantField.test(path) && validateInstant(text) === undefined) return { instant: new Date(text) };
  if (countField.test(path) && /^\d+$/.test(text)) return { text: formatCount(BigInt(text)) };
  return { text: wordsByEnumName.get(text) ?? text };
}

/** The instants that every object carries come last: what a change was made for comes before when it was made. */
export function isBookkeeping(path: string): boolean {
  return path === "revision" || path === "updatedAt" || path === "createdAt";
}

/** What an object that is new or gone is, or was, in a few words. */
export function outlineOf(kind: ControlObjectKind, object: JsonObject): string {
  const field = (name: string) => textOf(name, object[name]);
  switch (kind) {
    case ControlObjectKind.LIMIT_OVERRIDE:
      return joined([`limit ${field("limit") ?? "unlimited"}`, quoted(field("reason"))], " ");
    case ControlObjectKind.SUBSCRIPTION:
      return joined([`plan ${field("planCode") ?? "unknown"}`, field("timeZone")], ", ");
    case ControlObjectKind.PLAN: {
      const limits = Array.isArray(object["limits"]) ? object["limits"].length : 0;
      return joined([quoted(field("displayName")), limits === 1 ? "1 limit" : `${limits} limits`], ", ");
    }
    case ControlObjectKind.API_KEY:
      return joined([quoted(field("displayName")), field("role")], ", ");
    default:
      return "";
  }
}

function textOf(path: string, value: JsonValue | undefined): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  const read = changeValueOf(path, value);
  return "text" in read ? read.text : value;
}

function quoted(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `“${text}”`;
}

function joined(parts: readonly (string | undefined)[], separator: string): string {
  return parts.filter((part) => part !== undefined).join(separator);
}
