import { quoted } from "../../domain/echo.ts";

/** Objects and arrays inside one another. Metadata may have 8, and nothing else comes near. */
export const jsonDepthMax = 64;

/** Complaints about one text. More would let 64 KiB of rubbish buy a long answer. */
const lossesMax = 100;

/** The way to a value: names of members, positions in arrays. */
export type JsonPath = readonly (string | number)[];

/** What a parsed JSON text no longer shows, or would be changed in on its way into storage. */
export interface JsonLoss {
  /** Of the value that is meant; of a repeated member, the object that holds it. */
  readonly path: JsonPath;
  /** The member that comes more than once. */
  readonly repeated?: string;
  /** What is lost of the value, as it continues "is" or "holds". */
  readonly lost?: string;
  /** What to do about it. */
  readonly advice?: string;
  /** The value is too deep in others; what lies in it was not looked at. */
  readonly isTooDeep?: true;
}

/** One token of a text that is known to be JSON. */
const tokenPattern = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*|[{}[\],:]|true|false|null/g;

/**
 * Finds what `JSON.parse` swallows: the first of two members of one name, digits past a double's precision, numbers that
 * became infinite, halves of surrogate pairs. An event must not remember what nobody sent.
 *
 * @param text JSON: it was parsed without error
 */
export function lossesOfJson(text: string): JsonLoss[] {
  const scan = new JsonScan();
  for (const [token] of text.matchAll(tokenPattern)) {
    scan.take(token);
    if (scan.isOver) break;
  }
  return scan.losses;
}

interface Level {
  /** Of an object's members so far. Absent in an array. */
  readonly names?: Set<string>;
  place: string | number;
}

class JsonScan {
  readonly losses: JsonLoss[] = [];
  readonly #levels: Level[] = [];
  #expectsName = false;
  #isTooDeep = false;

  get isOver(): boolean {
    return this.#isTooDeep || this.losses.length >= lossesMax;
  }

  take(token: string): void {
    if (token === "{") this.#enter({ names: new Set(), place: "" });
    else if (token === "[") this.#enter({ place: 0 });
    else if (token === "}" || token === "]") this.#leave();
    else if (token === ",") this.#goOn();
    else if (token === ":") return;
    else if (this.#expectsName) this.#takeName(JSON.parse(token));
    else this.#takeScalar(token);
  }

  #leave(): void {
    this.#levels.pop();
    this.#expectsName = false;
  }

  #enter(level: Level): void {
    if (this.#levels.length === jsonDepthMax) {
      this.#isTooDeep = true;
      this.losses.push({ path: this.#path(), isTooDeep: true });
    }
    this.#levels.push(level);
    this.#expectsName = level.names !== undefined;
  }

  #goOn(): void {
    const level = this.#levels.at(-1);
    if (typeof level?.place === "number") level.place += 1;
    this.#expectsName = level?.names !== undefined;
  }

  #takeName(name: string): void {
    const level = this.#levels.at(-1);
    this.#expectsName = false;
    if (level?.names === undefined) return;
    level.place = name;
    if (!name.isWellFormed()) this.losses.push({ path: this.#path(), lost: halfPair(name) });
    else if (level.names.has(name)) this.losses.push({ path: this.#path().slice(0, -1), repeated: name });
    level.names.add(name);
  }

  #takeScalar(token: string): void {
    const loss = lossOfScalar(token);
    if (loss !== undefined) this.losses.push({ path: this.#path(), ...loss });
  }

  #path(): JsonPath {
    return this.#levels.map(({ place }) => place);
  }
}

function lossOfScalar(token: string): Pick<JsonLoss, "lost" | "advice"> | undefined {
  if (token.startsWith('"')) {
    const value: string = JSON.parse(token);
    return value.isWellFormed() ? undefined : { lost: halfPair(value) };
  }
  if (!/^-?[0-9]/.test(token)) return undefined;
  const number = Number(token);
  if (!Number.isFinite(number)) return { lost: `the number ${quotedNumber(token)}, only finite numbers are allowed` };
  const isInteger = /^-?[0-9]+$/.test(token);
  return isInteger && BigInt(token) !== BigInt(number)
    ? { lost: `the number ${quotedNumber(token)}, of which a JSON number loses digits`, advice: "send it as text" }
    : undefined;
}

function halfPair(text: string): string {
  return `the text ${quoted(text)} with half a surrogate pair`;
}

function quotedNumber(token: string): string {
  return quoted(token).slice(1, -1);
}
