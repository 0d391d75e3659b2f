import type { AdminService } from "../../../gen/quota/v1/admin_service_pb.ts";
import { ControlChangeSchema } from "../../../gen/quota/v1/control_change_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { controlChangeMessage } from "../mapping/control-change.ts";
import { wireBytesOf } from "../mapping/wire-bytes.ts";
import type { HandlerOf } from "../unary-handler.ts";
import { changeQuestionOf } from "../validation/admin/list-changes-request.ts";

export function listChanges(admin: ApiServices["admin"]): HandlerOf<typeof AdminService.method.listChanges> {
  return async (request) => {
    const { filter, page } = changeQuestionOf(request);
    const { items, nextPageToken = "" } = await admin.listChanges(filter, {
      ...page,
      bytesOf: wireBytesOf(ControlChangeSchema, controlChangeMessage),
    });
    return { changes: items.map(controlChangeMessage), nextPageToken };
  };
}
