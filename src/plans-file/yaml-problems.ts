import type { LineCounter } from "yaml";
import { PlansFileError } from "./plans-file-error.ts";

/** What is wrong at one place of the file. */
interface YamlProblem {
  /** In UTF-16 code units from the file's beginning. */
  readonly offset: number;
  readonly text: string;
}

/** Collects every problem of a file, so that the error can say how many there are and begin with the first. */
export class YamlProblems {
  readonly #fileName: string;
  readonly #lines: LineCounter;
  readonly #problems: YamlProblem[] = [];

  constructor(fileName: string, lines: LineCounter) {
    this.#fileName = fileName;
    this.#lines = lines;
  }

  report(offset: number, text: string): void {
    this.#problems.push({ offset, text });
  }

  lineAt(offset: number): number {
    return this.#lines.linePos(offset).line;
  }

  /** @throws PlansFileError when anything was reported */
  assertNone(): void {
    const [first, ...others] = [...this.#problems].sort((a, b) => a.offset - b.offset);
    if (first === undefined) return;
    const more =
      others.length === 0 ? "" : ` (and ${others.length} more ${others.length === 1 ? "problem" : "problems"})`;
    throw new PlansFileError(this.#fileName, this.lineAt(first.offset), `${first.text}${more}`);
  }
}
