/** Where the doors write. A pino logger is one. */
export interface Log {
  /** For who would rather not put together what nobody reads. Without it everything counts as read. */
  isLevelEnabled?(level: "debug"): boolean;
  debug(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
