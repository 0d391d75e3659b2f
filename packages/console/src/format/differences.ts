import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/** One place in which two objects differ, or agree. */
export interface Difference {
  /** Such as `limits[api_calls].limit`. */
  readonly path: string;
  readonly kind: "added" | "removed" | "changed" | "same";
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The fields by which items of a list are matched, so that one that is put in front does not make all others differ. */
const identityFields = ["metricCode", "metric_code", "id", "code"];

/**
 * Compares two objects leaf by leaf, in the order of the paths. A side that is undefined has no leaves: everything of the other
 * was added or removed.
 */
export function differencesOf(before: JsonObject | undefined, after: JsonObject | undefined): Difference[] {
  const left = leavesOf(before);
  const right = leavesOf(after);
  const paths = [...new Set([...left.keys(), ...right.keys()])].sort((a, b) => (a < b ? -1 : 1));
  return paths.map((path) => {
    const was = left.get(path);
    const is = right.get(path);
    return { path, kind: kindOf(was, is), before: was, after: is };
  });
}

/** Fields that every change moves along. */
const bookkeepingFields: ReadonlySet<string> = new Set(["revision", "updatedAt"]);

/**
 * The first thing that a change of an existing object changed, and how many others it did. A new object and a deleted one have
 * none: everything of them would be.
 */
export function summaryOf(
  before: JsonObject | undefined,
  after: JsonObject | undefined,
): { readonly first: Difference | undefined; readonly others: number } {
  if (before === undefined || after === undefined) return { first: undefined, others: 0 };
  const differing = differencesOf(before, after).filter(
    ({ path, kind }) => kind !== "same" && !bookkeepingFields.has(path),
  );
  const [first] = differing;
  return { first, others: Math.max(differing.length - 1, 0) };
}

function kindOf(was: string | undefined, is: string | undefined): Difference["kind"] {
  if (was === undefined) return "added";
  if (is === undefined) return "removed";
  return was === is ? "same" : "changed";
}

function leavesOf(object: JsonObject | undefined): Map<string, string> {
  const leaves = new Map<string, string>();
  if (object !== undefined) collect(object, "", leaves);
  return leaves;
}

function collect(value: JsonValue, path: string, leaves: Map<string, string>): void {
  if (Array.isArray(value) && value.length > 0) {
    value.forEach((item, index) => {
      collect(item, `${path}[${identityOf(item) ?? index}]`, leaves);
    });
  } else if (isObject(value) && Object.keys(value).length > 0) {
    for (const [name, member] of Object.entries(value)) collect(member, path === "" ? name : `${path}.${name}`, leaves);
  } else if (path !== "") {
    leaves.set(path, typeof value === "string" ? value : JSON.stringify(value));
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function identityOf(item: JsonValue): string | undefined {
  if (!isObject(item)) return undefined;
  const identity = identityFields.map((field) => item[field]).find((text) => typeof text === "string");
  return typeof identity === "string" ? identity : undefined;
}
