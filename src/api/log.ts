/** Where the doors write. A pino logger is one. */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
