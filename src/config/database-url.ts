/** Exactly what the driver acts upon is admitted; see `isDatabaseUrl`. */
export const databaseUrlAllowed =
  "`postgres://user:password@host:port/database` with special characters percent-encoded, and for TLS " +
  "`?sslmode=` with `disable`, `verify-full` or `no-verify`, and `sslrootcert`, `sslcert`, `sslkey` with paths";

const protocols = ["postgres:", "postgresql:"];

/** `require` and `verify-ca` mean other things to the driver than to libpq, so neither can be said here. */
const sslModes = ["disable", "verify-full", "no-verify"];

const pathParameters = ["sslrootcert", "sslcert", "sslkey"];

/** A URL of which the driver understands every part. A parameter that it would pass over in silence is refused. */
export function isDatabaseUrl(text: string): boolean {
  // The URL parser would drop white space and line breaks without a word.
  if (/\s/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    protocols.includes(url.protocol) &&
    url.hostname !== "" &&
    // A second slash or an "@" belongs to a password that was not percent-encoded.
    /^\/[^/@]+$/.test(url.pathname) &&
    url.hash === "" &&
    hasKnownParameters(url.searchParams) &&
    [url.hostname, url.username, url.password, url.pathname].every(isPercentEncoded)
  );
}

function hasKnownParameters(parameters: URLSearchParams): boolean {
  const names = [...parameters.keys()];
  if (new Set(names).size !== names.length) return false;
  return [...parameters].every(([name, value]) =>
    name === "sslmode" ? sslModes.includes(value) : pathParameters.includes(name) && value !== "",
  );
}

/**
 * A database URL without what may be a password, however malformed it is: what cannot be told from a password is masked
 * too. Scheme, user, host and database are left where they are certain.
 */
export function maskDatabaseUrl(text: string): string {
  const [, scheme, rest] = /^(postgres(?:ql)?:\/\/)(.*)$/is.exec(text) ?? [];
  // A text of another form, such as libpq's "host=… password=…", or a password put into the wrong variable: one with "://"
  // in it looks like a URL of a scheme that we do not know.
  if (scheme === undefined || rest === undefined) return "***";
  const [head = ""] = rest.split(/[:/?#@]/, 1);
  const at = rest.lastIndexOf("@");
  const parameters = rest.search(/[?#]/);
  // Without "@" what follows a colon is a port, or a password whose host is missing.
  if (at === -1) return /[:?#]/.test(rest) ? `${scheme}${head}***` : text;
  const login = head.length < at ? `${head}:***` : head;
  // Where a "?" comes before the last "@", one of the two belongs to a password, and nothing after it is certain.
  const place = parameters === -1 ? rest.slice(at) : `${rest.slice(at, Math.max(at, parameters))}?***`;
  return `${scheme}${login}${place}`;
}

function isPercentEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
