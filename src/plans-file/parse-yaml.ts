import { LineCounter, parseDocument, type YAMLError } from "yaml";
import { YamlPlace } from "./yaml-place.ts";
import { YamlProblems } from "./yaml-problems.ts";

export interface ParsedYaml {
  readonly root: YamlPlace;
  readonly problems: YamlProblems;
}

/** @throws PlansFileError when the text is not one document of plain YAML 1.2 */
export function parseYaml(fileName: string, text: string): ParsedYaml {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    intAsBigInt: true,
    stringKeys: true,
    // A `%YAML 1.1` directive must not turn "no" into false and "010" into eight.
    schema: "core",
    resolveKnownTags: false,
    // Its search for equal keys takes a time that grows with their square; YamlPlace has a faster one.
    uniqueKeys: false,
  });
  const problems = new YamlProblems(fileName, lineCounter);
  // A tag that is not known is a mere warning to the library, and its value some text.
  for (const { offset, text } of reasons([...document.errors, ...document.warnings])) problems.report(offset, text);
  problems.assertNone();
  return { root: new YamlPlace(problems, "", document.contents, 0), problems };
}

function reasons(errors: readonly YAMLError[]): { offset: number; text: string }[] {
  const exhausted = errors.find((error) => error.code === "RESOURCE_EXHAUSTION");
  // It comes once for each level that was open.
  if (exhausted !== undefined) return [{ offset: exhausted.pos[0], text: "is nested too deeply" }];
  return errors.map((error) => ({ offset: error.pos[0], text: reason(error) }));
}

function reason(error: YAMLError): string {
  if (error.code === "MULTIPLE_DOCS") return "a second YAML document begins here; one is allowed";
  return error.code === "NON_STRING_KEY" ? "a key must be a text" : error.message;
}
