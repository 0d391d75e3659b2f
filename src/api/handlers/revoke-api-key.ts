import type { ApiKeyService } from "../../../gen/quota/v1/api_key_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { actorOf } from "../auth/actor.ts";
import { apiKeyMessage } from "../mapping/api-key.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { apiKeyIdOf } from "../validation/api-key-requests.ts";

export function revokeApiKey(apiKeys: ApiServices["apiKeys"]): HandlerOf<typeof ApiKeyService.method.revokeApiKey> {
  return async (request, context) => {
    return { apiKey: apiKeyMessage(await apiKeys.revokeApiKey(apiKeyIdOf(request), actorOf(context))) };
  };
}
