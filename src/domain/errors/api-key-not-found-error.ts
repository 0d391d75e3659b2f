import { QuotaServiceError } from "./quota-service-error.ts";

/** No key has the id. */
export class ApiKeyNotFoundError extends QuotaServiceError {
  readonly reason = "API_KEY_NOT_FOUND";
  readonly apiKeyId: string;

  constructor(apiKeyId: string) {
    super(`there is no API key ${apiKeyId}`);
    this.apiKeyId = apiKeyId;
  }
}
