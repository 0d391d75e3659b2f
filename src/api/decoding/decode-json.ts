import { type DescMessage, fromJson, type JsonValue, type MessageShape } from "@bufbuild/protobuf";
import { InvalidRequestError } from "../../domain/errors/invalid-request-error.ts";
import type { RequestDecoder } from "./decode-binary.ts";
import { violationOfLoss, violationsOfJson } from "./json-violations.ts";
import { type JsonText, readJson } from "./read-json.ts";

/** Makes the reader of one kind of request in JSON. It throws InvalidRequestError naming every bad field. */
export function jsonRequestDecoder<D extends DescMessage>(schema: D): RequestDecoder<D> {
  return (bytes) => messageOfJson(schema, readJson(bytes));
}

/** @throws InvalidRequestError naming every field that is not known or cannot be read */
export function messageOfJson<D extends DescMessage>(schema: D, { value, losses }: JsonText): MessageShape<D> {
  const lost = losses.map((loss) => violationOfLoss(schema, loss));
  const isTooDeep = losses.some((loss) => loss.isTooDeep === true);
  const named = new Set(lost.map(({ field }) => field));
  // A field that lost something is not named again for what is left of it.
  const unreadable = isTooDeep ? [] : violationsOfJson(schema, value).filter(({ field }) => !named.has(field));
  const violations = [...lost, ...unreadable];
  if (violations.length > 0) throw new InvalidRequestError(violations);
  return fromJson(schema, value as JsonValue);
}
