import { InvalidRequestError } from "../../src/domain/errors/invalid-request-error.ts";

/** What a validation found, as `field description` lines; nothing when it accepted the request. */
export function violationsOf(validation: () => unknown): string[] {
  try {
    validation();
    return [];
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    return error.violations.map(({ field, description }) => `${field} ${description}`);
  }
}

/** Only where something was found. */
export function violatedFields(validation: () => unknown): string[] {
  return violationsOf(validation).map((line) => line.split(" ")[0] ?? "");
}
