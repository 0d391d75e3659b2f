import { metadataBytesMax, metadataDepthMax } from "./bounds.ts";
import { canonicalJson, type JsonValue } from "./canonical-json.ts";

export type MetadataCheck =
  | { readonly canonical: string; readonly problem?: undefined }
  | { readonly canonical?: undefined; readonly problem: string };

const utf8 = new TextEncoder();

/**
 * Checks metadata against the bounds and brings it into canonical form. What PostgreSQL's jsonb would refuse (U+0000,
 * lone surrogates) is refused here, because one item must not abort the transaction of its batch.
 */
export function checkMetadata(metadata: { [key: string]: JsonValue }): MetadataCheck {
  const problem = findProblem(metadata, 1);
  if (problem !== undefined) return { problem };
  const canonical = canonicalJson(metadata);
  const sizeBytes = utf8.encode(canonical).length;
  if (sizeBytes > metadataBytesMax) {
    return { problem: `is ${sizeBytes} bytes as JSON, at most ${metadataBytesMax} are allowed` };
  }
  return { canonical };
}

function findProblem(value: JsonValue, depth: number): string | undefined {
  if (typeof value === "string") return textProblem(value, "a text");
  if (typeof value === "number" && !Number.isFinite(value))
    return `holds the number ${value}, only finite numbers are allowed`;
  if (value === null || typeof value !== "object") return undefined;
  if (depth > metadataDepthMax) return `is nested deeper than ${metadataDepthMax} levels`;
  if (Array.isArray(value)) return firstProblem(value, (item) => findProblem(item, depth + 1));
  return firstProblem(
    Object.entries(value),
    ([key, member]) => textProblem(key, "a key") ?? findProblem(member, depth + 1),
  );
}

function firstProblem<T>(items: readonly T[], check: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = check(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function textProblem(text: string, what: string): string | undefined {
  if (text.includes("\u0000")) return `holds ${what} with the character U+0000, which cannot be stored`;
  if (!text.isWellFormed()) return `holds ${what} with half a surrogate pair`;
  return undefined;
}
