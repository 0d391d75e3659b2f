import { Code, ConnectError } from "@connectrpc/connect";
import { skipToken, useQuery } from "@connectrpc/connect-query";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { SubscriptionService } from "../../../../gen/quota/v1/subscription_service_pb.ts";
import { isKnownTimeZone, viewerTimeZone } from "../format/times.ts";
import { readPreference, writePreference } from "../preferences.ts";

/** In whose zone times are written. */
export const zoneModes = ["viewer", "tenant", "utc"] as const;
export type ZoneMode = (typeof zoneModes)[number];

export const zoneModeNames: Readonly<Record<ZoneMode, string>> = { viewer: "Mine", tenant: "Tenant’s", utc: "UTC" };

/** Zones hardly ever change, and every row of a table asks for one. */
const zoneFreshMs = 10 * 60_000;

interface ZoneChoice {
  readonly mode: ZoneMode;
  readonly choose: (mode: ZoneMode) => void;
}

const ZoneContext = createContext<ZoneChoice>({ mode: "viewer", choose: () => undefined });

export function ZoneProvider({ children }: { readonly children: ReactNode }) {
  const [mode, setMode] = useState<ZoneMode>(() => readPreference("zone", zoneModes) ?? "viewer");
  const choice = useMemo<ZoneChoice>(
    () => ({
      mode,
      choose: (chosen) => {
        writePreference("zone", chosen);
        setMode(chosen);
      },
    }),
    [mode],
  );
  return <ZoneContext value={choice}>{children}</ZoneContext>;
}

export function useZoneMode(): ZoneChoice {
  return useContext(ZoneContext);
}

/**
 * The zone in which a tenant's periods are cut: UTC for one without a subscription.
 *
 * @param isWanted false where nobody looks: the service is then not asked
 * @returns undefined while it is not known
 */
export function useTenantZone(tenantId: string | undefined, isWanted: boolean): string | undefined {
  const query = useQuery(
    SubscriptionService.method.getSubscription,
    tenantId === undefined || !isWanted ? skipToken : { tenantId },
    { staleTime: zoneFreshMs },
  );
  if (query.error !== null) return ConnectError.from(query.error).code === Code.NotFound ? "UTC" : undefined;
  if (query.data === undefined) return undefined;
  const zone = query.data.subscription?.timeZone ?? "";
  return zone !== "" && isKnownTimeZone(zone) ? zone : "UTC";
}

/** The zone that times of this tenant, or of nobody in particular, are written in. */
export function useShownZone(tenantId: string | undefined): string {
  const { mode } = useZoneMode();
  const tenantZone = useTenantZone(tenantId, mode === "tenant");
  if (mode === "utc") return "UTC";
  return mode === "tenant" && tenantZone !== undefined ? tenantZone : viewerTimeZone();
}
