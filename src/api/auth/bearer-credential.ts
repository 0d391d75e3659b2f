import { CredentialMissingError } from "../../domain/errors/access-errors.ts";

/** Longest credential that is looked at; tokens of identity providers are seldom longer than half of it. */
export const credentialLengthMax = 8 * 1024;

/** RFC 6750: the scheme in any case, then one token. */
const bearerPattern = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/**
 * The credential of an `authorization` header; undefined when it has another form.
 *
 * @throws CredentialMissingError without a header
 */
export function bearerCredential(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization === "") throw new CredentialMissingError();
  if (authorization.length > credentialLengthMax) return undefined;
  return bearerPattern.exec(authorization)?.[1];
}
