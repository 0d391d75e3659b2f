import { type FieldViolation, InvalidRequestError } from "../../domain/errors/invalid-request-error.ts";

/** Collects what is wrong with a request, so that a caller learns of every bad field at once. */
export class FieldViolations {
  readonly #found: FieldViolation[] = [];

  /** @param description what a check answered; `undefined` when the value is good */
  add(field: string, description: string | undefined): void {
    if (description !== undefined) this.#found.push({ field, description });
  }

  /** @throws InvalidRequestError when anything was found */
  throwIfAny(): void {
    if (this.#found.length > 0) throw new InvalidRequestError(this.#found);
  }
}
