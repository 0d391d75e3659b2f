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

/** What HTTP/2 counts for each field beside its name and value (RFC 9113, 6.5.2). */
const bytesPerField = 32;

/**
 * What the header fields of a request count together against a bound in bytes.
 *
 * @param rawHeaders names and values by turns, as Node has them
 */
export function headerListBytes(rawHeaders: readonly string[]): number {
  let bytes = (rawHeaders.length / 2) * bytesPerField;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}
