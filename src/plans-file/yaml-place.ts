import { isAlias, isMap, isNode, isScalar, isSeq, type Node, type Pair, type Scalar } from "yaml";
import { quoted } from "../domain/echo.ts";
import type { YamlProblems } from "./yaml-problems.ts";

/** Digits alone: YAML also reads "0x10" and "0o17" as numbers, "1e3" as a fraction, and "010" as ten. */
const integerPattern = /^(?:0|-?[1-9][0-9]*)$/;
/** More than any bound has, and few enough to be echoed. */
const integerDigitsMax = 30;

/**
 * One value of the file: what stands there, where, and under which path in the contract's names. Each reader answers
 * undefined when the value is refused, which it has then reported; none throws.
 */
export class YamlPlace {
  readonly #path: string;
  readonly #node: Node | undefined;
  readonly #offset: number;
  readonly #problems: YamlProblems;

  /**
   * @param path such as `plans[0].limits[2].metric_code`; empty for the whole file
   * @param offset where problems are reported when the node has no place of its own
   */
  constructor(problems: YamlProblems, path: string, node: unknown, offset: number) {
    this.#problems = problems;
    this.#path = path;
    this.#node = isNode(node) ? node : undefined;
    this.#offset = this.#node?.range?.[0] ?? offset;
  }

  /** From 1. */
  get line(): number {
    return this.#problems.lineAt(this.#offset);
  }

  /** @param problem continues the path: "is not a UUID" */
  report(problem: string): void {
    this.#problems.report(this.#offset, `${this.#path === "" ? "the file" : this.#path} ${problem}`);
  }

  /** The same place under the path of a field that is missing there. */
  missing(key: string): YamlPlace {
    return new YamlPlace(this.#problems, this.#pathOf(key), undefined, this.#offset);
  }

  /** The values of a mapping by key. Keys that are not known, given twice, or missing are reported. */
  fields(required: readonly string[], optional: readonly string[]): Map<string, YamlPlace> | undefined {
    const node = this.#readableNode();
    const known = [...required, ...optional];
    if (!isMap(node)) return this.#refuse(`a mapping of ${known.join(", ")}`);
    const fields = new Map<string, YamlPlace>();
    const areKnown = node.items.map((pair) => this.#addField(fields, pair, known));
    // A key that is not known is most likely the one that is missing, and the mistake to be told first.
    if (areKnown.includes(false)) return fields;
    for (const key of required.filter((name) => !fields.has(name))) this.missing(key).report("is required");
    return fields;
  }

  items(): YamlPlace[] | undefined {
    const node = this.#readableNode();
    if (!isSeq(node)) return this.#refuse("a list");
    return node.items.map(
      (item, index) => new YamlPlace(this.#problems, `${this.#path}[${index}]`, item, this.#offset),
    );
  }

  /** @param check what is wrong with the text, continuing the path; undefined when it is good */
  text(check: (text: string) => string | undefined): string | undefined {
    const value = this.#scalar()?.value;
    if (typeof value !== "string") return this.#refuse("a text (in quotes, if it looks like something else)");
    const problem = check(value);
    if (problem === undefined) return value;
    this.report(problem);
    return undefined;
  }

  boolean(): boolean | undefined {
    const value = this.#scalar()?.value;
    return typeof value === "boolean" ? value : this.#refuse("true or false");
  }

  integer(): bigint | undefined {
    const { source = "", value } = this.#scalar() ?? {};
    if (typeof value !== "bigint" || !integerPattern.test(source)) {
      return this.#refuse("a whole number in plain digits (not 1e3, 0x10, 010 or 1_000)");
    }
    if (source.length <= integerDigitsMax) return value;
    this.report(`has ${source.length} digits, at most ${integerDigitsMax} are read`);
    return undefined;
  }

  choice<Value extends string>(values: readonly Value[]): Value | undefined {
    const value = this.#scalar()?.value;
    return values.find((candidate) => candidate === value) ?? this.#refuse(`one of ${values.join(", ")}`);
  }

  /** False for a key that is not known. */
  #addField(fields: Map<string, YamlPlace>, { key, value }: Pair, known: readonly string[]): boolean {
    const keyPlace = new YamlPlace(this.#problems, this.#pathOf("key"), key, this.#offset);
    const name = keyPlace.text(() => undefined);
    if (name === undefined) return false;
    const earlier = fields.get(name);
    if (!known.includes(name)) {
      const problem = `${this.#pathOf(quoted(name))} is not known; allowed: ${known.join(", ")}`;
      this.#problems.report(keyPlace.#offset, problem);
    } else if (earlier !== undefined) {
      const problem = `${this.#pathOf(name)} is a duplicate: line ${earlier.line} has it already`;
      this.#problems.report(keyPlace.#offset, problem);
    } else {
      fields.set(name, new YamlPlace(this.#problems, this.#pathOf(name), value, keyPlace.#offset));
    }
    return known.includes(name);
  }

  #pathOf(key: string): string {
    return this.#path === "" ? key : `${this.#path}.${key}`;
  }

  #scalar(): Scalar | undefined {
    const node = this.#readableNode();
    return isScalar(node) ? node : undefined;
  }

  /** Nothing that takes part in aliasing is read: a few aliases unfold into gigabytes, and no plans file needs one. */
  #readableNode(): Node | undefined {
    return this.#aliasing() === undefined ? this.#node : undefined;
  }

  #aliasing(): string | undefined {
    if (isAlias(this.#node)) return "is an alias (*), which is not allowed";
    return this.#node?.anchor === undefined ? undefined : "has an anchor (&), which is not allowed";
  }

  #refuse(wanted: string): undefined {
    this.report(this.#aliasing() ?? `is ${this.#describe()}, but must be ${wanted}`);
    return undefined;
  }

  #describe(): string {
    if (isMap(this.#node)) return "a mapping";
    if (isSeq(this.#node)) return "a list";
    if (!isScalar(this.#node) || this.#node.value === null) return "empty";
    return quoted(this.#node.source ?? "");
  }
}

/** Reads a field that may be left out: undefined only when it stands there and was refused. */
export function readOr<Value>(
  place: YamlPlace | undefined,
  initial: Value,
  read: (place: YamlPlace) => Value | undefined,
): Value | undefined {
  return place === undefined ? initial : read(place);
}
