import { pageSizeDefault, pageSizeMax } from "../../domain/bounds.ts";
import type { PagePosition } from "../../services/page.ts";
import type { FieldViolations } from "./field-violations.ts";

/** The two paging fields that every list request has. What a token is worth is for the service to say. */
export function readPageRequest(
  violations: FieldViolations,
  request: { readonly pageSize: number; readonly pageToken: string },
): PagePosition {
  const { pageSize, pageToken } = request;
  if (pageSize < 0) {
    violations.add("page_size", `${pageSize} is negative; 0 to ${pageSizeMax} are allowed, 0 means ${pageSizeDefault}`);
  }
  return { size: pageSize === 0 ? pageSizeDefault : Math.min(pageSize, pageSizeMax), token: pageToken };
}
