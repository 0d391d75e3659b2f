const schemes = ["http:", "https:"];

/**
 * Reads "https://a.example, http://localhost:5173". Each origin must be written as browsers send it, because it is compared
 * as text: lower case, no default port, no slash at its end.
 */
export function parseOrigins(text: string): readonly string[] | undefined {
  const origins = text.split(",").map((part) => part.trim());
  return origins.every(isOrigin) ? origins : undefined;
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && schemes.includes(url.protocol) && url.origin === text && !text.includes("*");
}
