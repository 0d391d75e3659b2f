import type { ApiKeyService } from "../../../gen/quota/v1/api_key_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { actorOf } from "../auth/actor.ts";
import { apiKeyMessage } from "../mapping/api-key.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { apiKeyDefinitionOf } from "../validation/api-key-requests.ts";

export function createApiKey(apiKeys: ApiServices["apiKeys"]): HandlerOf<typeof ApiKeyService.method.createApiKey> {
  return async (request, context) => {
    const { key, secret } = await apiKeys.createApiKey(apiKeyDefinitionOf(request), actorOf(context));
    return { apiKey: apiKeyMessage(key), secret };
  };
}
