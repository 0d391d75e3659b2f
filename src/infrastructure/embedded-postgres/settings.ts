import { EmbeddedPostgresError } from "./errors.ts";

/** The only address that PostgreSQL listens on, and that the URLs name. */
export const listenAddress = "127.0.0.1";

/** What makes an acknowledged event survive a crash; no caller may switch it off, tests included. */
const durabilitySettings: Readonly<Record<string, string>> = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
};

/**
 * The server's arguments. Settings stand on the command line, where neither postgresql.conf nor ALTER SYSTEM changes
 * them. The folder comes first: `stopOrphan` recognises a server by it.
 */
export function serverArguments(cluster: string, port: number, settings: Readonly<Record<string, string>>): string[] {
  const fixed: Record<string, string> = {
    ...durabilitySettings,
    listen_addresses: listenAddress,
    port: String(port),
    // A socket file's path may have about 100 bytes only, and a data folder may lie deeper.
    unix_socket_directories: "",
    // The log must end in the file that we opened, whose lines a failed start quotes.
    log_destination: "stderr",
    logging_collector: "off",
    log_line_prefix: "%m [%p] ",
  };
  const refused = Object.keys(settings).find((name) => Object.hasOwn(fixed, name.toLowerCase()));
  if (refused !== undefined) {
    throw new EmbeddedPostgresError(`the embedded PostgreSQL does not let ${refused} be set`);
  }
  const all = { timezone: "UTC", log_timezone: "UTC", ...settings, ...fixed };
  return ["-D", cluster, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}
