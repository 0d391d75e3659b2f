/** PostgreSQL answers COMMIT of an aborted transaction with ROLLBACK, as a success. That must not pass for one. */
export class CommitRolledBackError extends Error {
  override readonly name = "CommitRolledBackError";

  /** @param command the server's word for what it did */
  constructor(command: string) {
    super(`COMMIT came back as ${command}`);
  }
}

/** @throws CommitRolledBackError */
export function assertCommitted(command: string): void {
  if (command !== "COMMIT") throw new CommitRolledBackError(command);
}
