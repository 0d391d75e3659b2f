/**
 * An API key or a token: as it is, or a function that is asked before every attempt, so that one that expires can be
 * renewed.
 */
export type Credential = string | (() => string | Promise<string>);

/** What a header may hold, without the spaces that would end the token. */
const tokenPattern = /^[\x21-\x7e]+$/;

/**
 * Headers that carry the credential.
 *
 * @throws TypeError when it cannot be sent; the text does not hold it
 */
export async function credentialHeaders(credential: Credential | undefined): Promise<Record<string, string>> {
  if (credential === undefined) return {};
  const token = typeof credential === "string" ? credential : await credential();
  if (typeof token !== "string" || !tokenPattern.test(token)) {
    throw new TypeError("the credential must be printable ASCII without spaces, and not empty");
  }
  return { authorization: `Bearer ${token}` };
}
