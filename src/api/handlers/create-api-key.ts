import type { ApiKeyService } from "../../../gen/quota/v1/api_key_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { apiKeyMessage } from "../mapping/api-key.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { apiKeyDefinitionOf } from "../validation/api-key-requests.ts";

export function createApiKey(apiKeys: ApiServices["apiKeys"]): HandlerOf<typeof ApiKeyService.method.createApiKey> {
  return async (request) => {
    const { key, secret } = await apiKeys.createApiKey(apiKeyDefinitionOf(request));
    return { apiKey: apiKeyMessage(key), secret };
  };
}
