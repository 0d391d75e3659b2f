import pg from "pg";
import { codeOf, isConnectionLoss } from "./database-errors.ts";
import { StartError } from "./start-error.ts";

const connectTimeoutMs = 5_000;

/** Where a URL comes from, for messages. */
export type UrlVariable = "DATABASE_URL" | "DATABASE_OWNER_URL";

/**
 * Runs work on one connection and closes it.
 *
 * @throws StartError in one line when the server cannot be reached, refuses the login, or refuses what the work asks of
 * it; passwords are never in it
 */
export async function withStartConnection<T>(
  variable: UrlVariable,
  url: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "quota start",
    connectionTimeoutMillis: connectTimeoutMs,
  });
  // The server may end the connection at any time; the query under way then fails, and needs no second voice.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new StartError(`${variable}: cannot connect to ${placeOf(url)}: ${reasonOf(error)}`, { cause: error });
  }
  try {
    return await work(client);
  } catch (error) {
    throw asStartError(variable, url, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Which database, and for whom, without the password. */
export function placeOf(url: string): string {
  const { host, pathname, username } = new URL(url);
  return `database ${decodeURIComponent(pathname.slice(1))} on ${host} as ${decodeURIComponent(username)}`;
}

/** An error of the driver in one line. */
export function reasonOf(error: unknown): string {
  const [firstLine = ""] = error instanceof Error ? error.message.split("\n") : [String(error)];
  // Node's error for a host with several addresses has no text of its own.
  return firstLine === "" ? (codeOf(error) ?? "no reason given") : firstLine;
}

/** What server or network did is for whoever starts the service; a defect of ours keeps its own type and stack. */
function asStartError(variable: UrlVariable, url: string, error: unknown): unknown {
  const isOurs = error instanceof StartError || (codeOf(error) === undefined && !isConnectionLoss(error));
  if (isOurs) return error;
  return new StartError(`${variable}: ${placeOf(url)} failed: ${reasonOf(error)}`, { cause: error });
}
