import { ControlObjectKind } from "../../../../gen/quota/v1/control_change_pb.ts";
import { EventOrder } from "../../../../gen/quota/v1/usage_pb.ts";
import { validateObjectId, validateUuid } from "../api/bounds.ts";
import type { Filter } from "../components/filter-bar.tsx";
import { pageSizeOf } from "../components/pager.tsx";
import type { Parameters } from "../routing/routes.ts";
import { createdFilters, eventOrderFilter, given, givenInstant, onlyGiven, tenantFilter } from "./filters.ts";

/** The kinds of the contract, by their names in the address. */
export const changeKinds: Readonly<Record<string, ControlObjectKind>> = {
  plan: ControlObjectKind.PLAN,
  subscription: ControlObjectKind.SUBSCRIPTION,
  override: ControlObjectKind.LIMIT_OVERRIDE,
  key: ControlObjectKind.API_KEY,
};

export const changeFilters: readonly Filter[] = [
  {
    kind: "choice",
    name: "kind",
    label: "Kind",
    choices: [
      { value: "all", label: "Everything" },
      { value: "plan", label: "Plans" },
      { value: "subscription", label: "Subscriptions" },
      { value: "override", label: "Overrides" },
      { value: "key", label: "API keys" },
    ],
  },
  {
    kind: "text",
    name: "object",
    label: "Object id",
    placeholder: "plan code, tenant/metric …",
    validate: validateObjectId,
    isWide: true,
  },
  tenantFilter,
  { kind: "text", name: "actor", label: "Made with key", placeholder: "UUID", validate: validateUuid, isWide: true },
  ...createdFilters,
  eventOrderFilter,
];

/** What the address asks for. */
export function changesRequest(parameters: Parameters) {
  return {
    objectKind: changeKinds[parameters["kind"] ?? ""] ?? ControlObjectKind.UNSPECIFIED,
    order: parameters["order"] === "oldest" ? EventOrder.OLDEST_FIRST : EventOrder.NEWEST_FIRST,
    pageSize: pageSizeOf(parameters),
    pageToken: parameters["page"] ?? "",
    ...onlyGiven({
      objectId: given(parameters, "object"),
      tenantId: given(parameters, "tenant"),
      actorKeyId: given(parameters, "actor"),
      createdFrom: givenInstant(parameters, "from"),
      createdBefore: givenInstant(parameters, "before"),
    }),
  };
}
