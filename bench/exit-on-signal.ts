/** Ends the process by its exit hooks, which take PostgreSQL and the servers along; the default end would leave them behind. */
export function exitOnSignal(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
}
