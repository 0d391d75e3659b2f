import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";
import { parse } from "yaml";
import type { HttpAnswer } from "./http-calls.ts";

export const openapiFile = join(import.meta.dirname, "../../../docs/openapi.yaml");

interface Described {
  readonly $ref?: string;
  readonly content?: { readonly "application/json"?: { readonly schema: { readonly $ref: string } } };
  readonly headers?: Readonly<Record<string, unknown>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Record<string, Described> }>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Described>> };
}

export const openapi: OpenApi = parse(readFileSync(openapiFile, "utf8"));

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(openapi, "openapi");

/** What the document says of an answer with this status; undefined when it says nothing. */
export function descriptionOf(path: string, method: string, status: number): Described | undefined {
  const described = openapi.paths[path]?.[method]?.responses[status];
  const name = described?.$ref?.split("/").at(-1);
  return name === undefined ? described : openapi.components.responses[name];
}

/** The answer is one that the document describes: status, headers and body. */
export function expectDescribed(path: string, method: string, answer: HttpAnswer): void {
  const described = descriptionOf(path, method, answer.status);
  expect(described, `${answer.status} of ${method} ${path} is not described`).toBeDefined();
  for (const name of Object.keys(described?.headers ?? {})) {
    expect(answer.headers[name.toLowerCase()], `${name} is described`).toBeDefined();
  }
  const reference = described?.content?.["application/json"]?.schema.$ref ?? "";
  const validate = ajv.getSchema(`openapi${reference}`);
  if (validate === undefined) throw new Error(`the document has no ${reference}`);
  expect(validate(answer.json()) ? [] : validate.errors).toEqual([]);
}
