/** Longest echo of a value that somebody sent, in characters, after escaping. */
export const echoLengthMax = 64;

const cutMark = "...";

/**
 * A text that somebody sent, for an error or a log: at most 64 characters of printable ASCII, "..." where it was cut.
 *
 * Everything else is escaped, letters of other scripts too: control characters would reach a terminal, and a Cyrillic
 * "а" in a code that must be ASCII would look right while being the very mistake.
 */
export function echoOf(text: string): string {
  let echo = "";
  let lengthBeforeMark = 0;
  for (const character of text) {
    const shown = escapedCharacter(character);
    if (echo.length + shown.length > echoLengthMax) return echo.slice(0, lengthBeforeMark) + cutMark;
    echo += shown;
    if (echo.length <= echoLengthMax - cutMark.length) lengthBeforeMark = echo.length;
  }
  return echo;
}

/** The same between quotation marks, so that an empty text and one that ends in spaces can be seen. */
export function quoted(text: string): string {
  return `"${echoOf(text)}"`;
}

function escapedCharacter(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  if (character >= " " && character <= "~") return character;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}
