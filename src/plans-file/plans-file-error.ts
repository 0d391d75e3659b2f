/** A plans file that the service refuses to start with. The message is one line: `file:line: what is wrong`. */
export class PlansFileError extends Error {
  override readonly name = "PlansFileError";
  readonly fileName: string;
  /** From 1; absent when the file as a whole is wrong. */
  readonly line: number | undefined;

  constructor(fileName: string, line: number | undefined, problem: string) {
    super(`${oneLine(line === undefined ? fileName : `${fileName}:${line}`)}: ${oneLine(problem)}`);
    this.fileName = fileName;
    this.line = line;
  }
}

/** Control characters, line breaks among them, could forge a second line of a log. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
}
