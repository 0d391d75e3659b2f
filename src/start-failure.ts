import { ListenError } from "./api/listen-error.ts";
import { ConfigError } from "./config/config-error.ts";
import { QuotaServiceError } from "./domain/errors/quota-service-error.ts";
import { reasonOf } from "./infrastructure/database/connect-at-start.ts";
import { codeOf } from "./infrastructure/database/database-errors.ts";
import { StartError } from "./infrastructure/database/start-error.ts";
import { EmbeddedPostgresError } from "./infrastructure/embedded-postgres/errors.ts";
import { KeyFileError } from "./infrastructure/jwt/issuer-keys.ts";
import { TlsFilesError } from "./infrastructure/tls-files.ts";
import { PlansFileError } from "./plans-file/plans-file-error.ts";
import { StorageUnavailableError } from "./repositories/storage-errors.ts";

/** Failures whose message is one line for whoever started the service. */
const explained = [
  ConfigError,
  PlansFileError,
  EmbeddedPostgresError,
  StartError,
  ListenError,
  TlsFilesError,
  KeyFileError,
];

/** The database went away, or took to refusing work, between the checks and the first call. */
const outages = [QuotaServiceError, StorageUnavailableError];

const sqlState = /^[0-9A-Z]{5}$/;

/** One line about what went wrong outside of the service; a defect of ours shows its stack. */
export function describeStartFailure(error: unknown): string {
  if (explained.some((kind) => error instanceof kind)) return (error as Error).message;
  const isOutage = outages.some((kind) => error instanceof kind) || sqlState.test(codeOf(error) ?? "");
  if (isOutage) return `the database failed during the start: ${rootReason(error)}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The driver's own words, which the errors around them leave to the log. */
function rootReason(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? rootReason(error.cause) : reasonOf(error);
}
