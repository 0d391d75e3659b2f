/**
 * How often a header was sent. Node's own objects of headers have the first of some, the last of others, and of the rest
 * all in one text.
 *
 * @param name in lower case
 * @param rawHeaders names and values by turns, as Node has them
 */
export function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index];
    if (sent?.length === name.length && sent.toLowerCase() === name) count += 1;
  }
  return count;
}
