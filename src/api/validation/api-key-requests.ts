import { RoleSchema } from "../../../gen/quota/v1/api_key_pb.ts";
import type {
  CreateApiKeyRequest,
  ListApiKeysRequest,
  RevokeApiKeyRequest,
} from "../../../gen/quota/v1/api_key_service_pb.ts";
import type { ApiKeyDefinition } from "../../domain/api-key.ts";
import { displayNameLengthMax } from "../../domain/bounds.ts";
import { textProblem } from "../../domain/checks.ts";
import type { Role } from "../../domain/principal.ts";
import type { ApiKeyQuestion } from "../../services/api-key-service.ts";
import type { PagePosition } from "../../services/page.ts";
import { rolesByNumber } from "../mapping/roles.ts";
import { readTenantId } from "./common-fields.ts";
import { readEnum } from "./enum-fields.ts";
import { FieldViolations } from "./field-violations.ts";
import { readInstant } from "./instants.ts";
import { readPageRequest } from "./page-request.ts";

const roleUnspecified = 0;

/**
 * Whether `expires_at` lies ahead is for the service to say, by the storage's clock.
 *
 * @throws InvalidRequestError naming every bad field
 */
export function apiKeyDefinitionOf(request: CreateApiKeyRequest): ApiKeyDefinition {
  const violations = new FieldViolations();
  const { displayName } = request;
  violations.add("display_name", displayNameProblem(displayName));
  const role = readEnum(violations, "role", RoleSchema, rolesByNumber, request.role);
  const tenantId = readOptionalTenantId(violations, request.tenantId);
  if (role !== undefined) violations.add("tenant_id", tenantPresenceProblem(role, request.tenantId));
  const expiresAt = readInstant(violations, "expires_at", request.expiresAt);
  violations.throwIfAny();
  return {
    displayName,
    // The stand-in never leaves this file: its absence is a violation.
    role: role ?? "AUDITOR",
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** @throws InvalidRequestError naming every bad field */
export function apiKeyPageOf(request: ListApiKeysRequest): { question: ApiKeyQuestion; page: PagePosition } {
  const violations = new FieldViolations();
  const tenantId = readOptionalTenantId(violations, request.tenantId);
  const role =
    request.role === roleUnspecified
      ? undefined
      : readEnum(violations, "role", RoleSchema, rolesByNumber, request.role);
  const page = readPageRequest(violations, request);
  violations.throwIfAny();
  const question = {
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(role === undefined ? {} : { role }),
    activeOnly: request.activeOnly,
  };
  return { question, page };
}

/** Ids of keys have the form of tenants' ids. @throws InvalidRequestError naming `id` */
export function apiKeyIdOf({ id }: RevokeApiKeyRequest): string {
  const violations = new FieldViolations();
  const read = readTenantId(violations, "id", id);
  violations.throwIfAny();
  return read;
}

function displayNameProblem(name: string): string | undefined {
  if (name === "") return `is empty; 1 to ${displayNameLengthMax} characters are required`;
  return textProblem(name, displayNameLengthMax);
}

function readOptionalTenantId(violations: FieldViolations, tenantId: string | undefined): string | undefined {
  return tenantId === undefined ? undefined : readTenantId(violations, "tenant_id", tenantId);
}

function tenantPresenceProblem(role: Role, tenantId: string | undefined): string | undefined {
  if (role === "TENANT") return tenantId === undefined ? "is required for the role TENANT" : undefined;
  return tenantId === undefined ? undefined : `is given for the role ${role}, which belongs to no tenant; leave it out`;
}
