import type { Bench } from "../bench.ts";
import type { BenchDatabase } from "../environment/bench-postgres.ts";
import { listedTenant, provideListingDatabase } from "../environment/listing-data.ts";
import { tokensAtDepths } from "../environment/page-tokens.ts";
import type { ServerProcess } from "../environment/server-process.ts";
import { listEventsRequests, metricCode, type Requests } from "../environment/tenants.ts";
import { measureLoad } from "../measure/measure-load.ts";
import type { Arm } from "./arm.ts";

/** The short list that a long one is compared with. */
export const shortListEvents = 10_000;

/** Where the deep pages begin, from 2 to 98 per cent of the list. */
const depths = Array.from({ length: 49 }, (_, index) => (index + 1) / 50);

/** One page after the other: what is asked is how long one takes. */
const inFlight = 1;

/** A page takes milliseconds, so that half of the usual time gives enough of them. */
const timeShare = 0.5;

export const pageKinds = ["first page", "deep pages"] as const;
export const pageScopes = ["tenant-wide", "by metric"] as const;

type PageKind = (typeof pageKinds)[number];
type PageScope = (typeof pageScopes)[number];
type ListLength = "short" | "long";

export function listingArm(length: ListLength, kind: PageKind, scope: PageScope): string {
  return `ListEvents ${kind} ${scope}, ${length} list`;
}

/** Short and long next to each other. */
export const listingArms: readonly Arm[] = pageKinds.flatMap((kind) =>
  pageScopes.flatMap((scope) => (["short", "long"] as const).map((length) => pageArm(length, kind, scope))),
);

function pageArm(length: ListLength, kind: PageKind, scope: PageScope): Arm {
  let requests: Promise<Requests> | undefined;
  return {
    name: listingArm(length, kind, scope),
    group: "listing",
    inFlight,
    isQuick: true,
    run: async (bench, timing) => {
      const database = await listingDatabase(bench, length);
      const service = await bench.serviceOn(database);
      requests ??= pageRequests(database, service, kind, scope);
      return await measureLoad(
        bench,
        { servers: [service], requests: await requests, pace: { kind: "closed", inFlight } },
        { ...timing, measureMs: timing.measureMs * timeShare },
      );
    },
  };
}

async function pageRequests(
  database: BenchDatabase,
  service: ServerProcess,
  kind: PageKind,
  scope: PageScope,
): Promise<Requests> {
  const filter = scope === "by metric" ? metricCode : undefined;
  const pageTokens = kind === "first page" ? [""] : await tokensAtDepths(database, service, filter, depths);
  return listEventsRequests({
    tenantId: listedTenant,
    pageTokens,
    ...(filter === undefined ? {} : { metricCode: filter }),
  });
}

async function listingDatabase(bench: Bench, length: ListLength): Promise<BenchDatabase> {
  const { listedEvents, log } = bench.options;
  return await provideListingDatabase(bench.postgres, length === "short" ? shortListEvents : listedEvents, log);
}
