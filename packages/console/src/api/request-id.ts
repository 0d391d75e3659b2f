/**
 * A new id for one request, 32 hexadecimal digits. Not `crypto.randomUUID`, which browsers offer to secure contexts only: a
 * console behind plain HTTP must work as well.
 */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
