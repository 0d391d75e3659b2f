import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AdminService } from "../../../gen/quota/v1/admin_service_pb.ts";
import { ApiKeyService } from "../../../gen/quota/v1/api_key_service_pb.ts";
import { PlanService } from "../../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../../gen/quota/v1/subscription_service_pb.ts";
import { rolesOf } from "../../../src/api/auth/rpc-roles.ts";

const services: readonly DescService[] = [QuotaService, PlanService, SubscriptionService, AdminService, ApiKeyService];
const methods: readonly DescMethod[] = services.flatMap((service) => service.methods);
const protoFolder = join(import.meta.dirname, "../../../proto/quota/v1");

/** The "Roles:" paragraph above each rpc, by service and method, joined to one line. */
function rolesInComments(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of readdirSync(protoFolder).filter((name) => name.endsWith("_service.proto"))) {
    let service = "";
    let comment: string[] = [];
    for (const line of readFileSync(join(protoFolder, file), "utf8").split("\n")) {
      const text = /^\s*\/\/ ?(.*)$/.exec(line)?.[1];
      if (text !== undefined) comment.push(text);
      service = /^service (\w+)/.exec(line)?.[1] ?? service;
      const rpc = /^\s*rpc (\w+)\(/.exec(line)?.[1];
      if (rpc !== undefined) found.set(`quota.v1.${service}.${rpc}`, rolesParagraph(comment));
      if (text === undefined) comment = [];
    }
  }
  return found;
}

function rolesParagraph(comment: readonly string[]): string {
  const paragraphs = comment.join("\n").split("\n\n");
  return paragraphs.find((paragraph) => paragraph.startsWith("Roles:"))?.replaceAll("\n", " ") ?? "";
}

/** What `api_key.proto` says of each role, as the RPCs that it may call. */
const rpcsOfRole: Readonly<Record<string, (method: DescMethod) => boolean>> = {
  SERVICE: ({ parent, name }) =>
    parent === QuotaService || ["GetSubscription", "ListPlans", "ListUsageRecords"].includes(name),
  TENANT: ({ parent, name }) => parent === QuotaService || name === "GetSubscription",
  ADMIN: ({ parent }) => parent === PlanService || parent === SubscriptionService || parent === ApiKeyService,
  AUDITOR: ({ name }) => /^(Get|List|Check)/.test(name),
};

describe("the table of roles", () => {
  const comments = rolesInComments();

  it("has an answer for every RPC that is defined, and the contract a comment", () => {
    expect(methods.map((method) => method.toString().replace(/^rpc /, "")).sort()).toEqual([...comments.keys()].sort());
    for (const method of methods) expect(rolesOf(method), method.toString()).not.toEqual([]);
  });

  it.each(methods.map((method) => [`${method.parent.name}.${method.name}`, method] as const))(
    "says of %s what its comment says",
    (_, method) => {
      const comment = comments.get(`${method.parent.typeName}.${method.name}`) ?? "";
      expect(comment).toMatch(/^Roles: .*\.$/);
      expect([...rolesOf(method)].sort()).toEqual((comment.match(/\b[A-Z]{2,}\b/g) ?? []).sort());
    },
  );

  it.each(Object.keys(rpcsOfRole))("lets %s do what the contract says of that role, and nothing else", (role) => {
    const names = (allowed: readonly DescMethod[]) => allowed.map(({ name }) => name);
    const actual = methods.filter((method) => (rolesOf(method) as readonly string[]).includes(role));
    expect(names(actual)).toEqual(names(methods.filter((method) => rpcsOfRole[role]?.(method))));
  });

  it("has no answer for an RPC of another service", () => {
    const stranger = { ...methods[0], parent: { typeName: "quota.v2.QuotaService" } } as unknown as DescMethod;
    expect(() => rolesOf(stranger)).toThrow("the table of roles lacks");
  });
});
