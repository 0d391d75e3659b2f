import { InvalidRequestError } from "../../domain/errors/invalid-request-error.ts";
import { type JsonLoss, lossesOfJson } from "./json-losses.ts";

/** A JSON value. `JsonValue` of protobuf-es says the same, but its objects cannot be narrowed. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

export interface JsonText {
  readonly value: Json;
  /** What the value does not show of the text. */
  readonly losses: readonly JsonLoss[];
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws InvalidRequestError when the bytes are no JSON text in UTF-8 */
export function readJson(bytes: Uint8Array): JsonText {
  const text = textOf(bytes);
  try {
    const value: Json = JSON.parse(text);
    return { value, losses: lossesOfJson(text) };
  } catch {
    throw new InvalidRequestError([{ field: "request", description: "is not JSON" }]);
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    // A byte order mark is kept, and then is not JSON: RFC 8259 forbids to send one.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InvalidRequestError([{ field: "request", description: "holds text that is not valid UTF-8" }]);
  }
}
