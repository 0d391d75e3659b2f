import pg from "pg";
import { codeOf } from "./database-errors.ts";
import { StartError } from "./start-error.ts";

const connectTimeoutMs = 5_000;

/**
 * Runs work on one connection and closes it.
 *
 * @param variable where the URL comes from, for the message
 * @throws StartError in one line when the server cannot be reached or refuses the login; passwords are never in it
 */
export async function withStartConnection<T>(
  variable: "DATABASE_URL" | "DATABASE_OWNER_URL",
  url: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(variable, url);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function connect(variable: string, url: string): Promise<pg.Client> {
  try {
    const client = new pg.Client({
      connectionString: url,
      application_name: "quota start",
      connectionTimeoutMillis: connectTimeoutMs,
    });
    // The server may end the connection at any time; the query under way then fails, and needs no second voice.
    client.on("error", () => undefined);
    await client.connect();
    return client;
  } catch (error) {
    // A certificate file that the URL names and nobody can read is among the reasons.
    throw new StartError(`${variable}: cannot connect to ${placeOf(url)}: ${reasonOf(error)}`, { cause: error });
  }
}

function placeOf(url: string): string {
  const { host, pathname, username } = new URL(url);
  return `database ${decodeURIComponent(pathname.slice(1))} on ${host} as ${decodeURIComponent(username)}`;
}

function reasonOf(error: unknown): string {
  const [firstLine = ""] = error instanceof Error ? error.message.split("\n") : [String(error)];
  // Node's error for a host with several addresses has no text of its own.
  return firstLine === "" ? (codeOf(error) ?? "no reason given") : firstLine;
}
