const keyBytes = 16;

/** A key that no other call has: 128 random bits. */
export function createIdempotencyKey(): string {
  // Not randomUUID, which browsers keep from pages that were not loaded over TLS.
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(keyBytes));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
