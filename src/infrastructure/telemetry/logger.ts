import { type Logger, pino } from "pino";

export type { Logger } from "pino";

/** JSON lines on standard output. Credentials in URLs never get here: errors are logged without connection strings. */
export function createLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
}
