import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { validateMetricCode, validateUuid } from "../api/bounds.ts";
import type { Filter, PresetGroup } from "../components/filter-bar.tsx";
import type { Parameters } from "../routing/routes.ts";

/** Filters that several pages have, under the same names in the address. */

export const tenantFilter: Filter = {
  kind: "text",
  name: "tenant",
  label: "Tenant",
  placeholder: "UUID",
  validate: validateUuid,
  isWide: true,
};

export const metricFilter: Filter = {
  kind: "text",
  name: "metric",
  label: "Metric",
  placeholder: "such as api_calls",
  validate: validateMetricCode,
};

export const createdFilters: readonly Filter[] = [
  { kind: "instant", name: "from", label: "Created from" },
  { kind: "instant", name: "before", label: "Created before" },
];

export const eventOrderFilter: Filter = {
  kind: "choice",
  name: "order",
  label: "Order",
  choices: [
    { value: "newest", label: "Newest first" },
    { value: "oldest", label: "Oldest first" },
  ],
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The bounds are instants, not "the last day": a view that is sent to a colleague shows the same there. */
function since(lengthMs: number): () => Parameters {
  return () => ({ from: fullMinute(Date.now() - lengthMs).toISOString(), before: undefined });
}

export function fullMinute(instantMs: number): Date {
  return new Date(Math.floor(instantMs / minuteMs) * minuteMs);
}

export const createdPresets: PresetGroup = {
  label: "Created within",
  presets: [
    { label: "Last hour", parameters: since(hourMs) },
    { label: "24 hours", parameters: since(dayMs) },
    { label: "7 days", parameters: since(7 * dayMs) },
    { label: "30 days", parameters: since(30 * dayMs) },
  ],
};

export const periodEndPresets: PresetGroup = {
  label: "Period",
  presets: [
    {
      label: "Open now",
      parameters: () => ({ "ends-from": fullMinute(Date.now()).toISOString(), "ends-before": undefined }),
    },
    {
      label: "Ended",
      parameters: () => ({ "ends-from": undefined, "ends-before": fullMinute(Date.now()).toISOString() }),
    },
  ],
};

/** A text filter as a request has it: absent, not empty, where it is not given. */
export function given(parameters: Parameters, name: string): string | undefined {
  const text = parameters[name];
  return text === undefined || text === "" ? undefined : text;
}

/** An instant filter as a request has it. */
export function givenInstant(parameters: Parameters, name: string): Timestamp | undefined {
  const text = given(parameters, name);
  return text === undefined ? undefined : timestampFromDate(new Date(text));
}

/** The members that are given: optional fields of a message may be absent, but not undefined. */
export function onlyGiven<T extends Readonly<Record<string, unknown>>>(
  members: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
