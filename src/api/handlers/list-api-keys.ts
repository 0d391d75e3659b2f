import { ApiKeySchema } from "../../../gen/quota/v1/api_key_pb.ts";
import type { ApiKeyService } from "../../../gen/quota/v1/api_key_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { apiKeyMessage } from "../mapping/api-key.ts";
import { wireBytesOf } from "../mapping/wire-bytes.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { apiKeyPageOf } from "../validation/api-key-requests.ts";

export function listApiKeys(apiKeys: ApiServices["apiKeys"]): HandlerOf<typeof ApiKeyService.method.listApiKeys> {
  return async (request) => {
    const { question, page } = apiKeyPageOf(request);
    const { items, nextPageToken = "" } = await apiKeys.listApiKeys(question, {
      ...page,
      bytesOf: wireBytesOf(ApiKeySchema, apiKeyMessage),
    });
    return { apiKeys: items.map(apiKeyMessage), nextPageToken };
  };
}
