import { useState } from "react";
import { formatInstant, formatInstantWithZone, type Precision, viewerTimeZone } from "../format/times.ts";
import { useShownZone, useTenantZone, useZoneMode } from "./time-zones.tsx";

/**
 * An instant in the zone that the viewer chose. Pointing at it shows it in the viewer's, the tenant's and in UTC; the tenant's
 * zone is asked for only then.
 */
export function TimeText({
  instant,
  tenantId,
  precision = "minute",
  absent = "never",
}: {
  readonly instant: Date | undefined;
  readonly tenantId?: string | undefined;
  readonly precision?: Precision;
  /** What is written where there is no instant. */
  readonly absent?: string;
}) {
  const [isPointedAt, setIsPointedAt] = useState(false);
  const { mode } = useZoneMode();
  const zone = useShownZone(tenantId);
  const tenantZone = useTenantZone(tenantId, isPointedAt);
  if (instant === undefined) return <span className="muted">{absent}</span>;

  const inZone = (label: string, timeZone: string) =>
    `${label}: ${formatInstantWithZone(instant, timeZone, precision)} (${timeZone})`;
  const lines = [
    inZone("Yours", viewerTimeZone()),
    ...(tenantZone === undefined ? [] : [inZone("Tenant’s", tenantZone)]),
    inZone("UTC", "UTC"),
  ];
  const text =
    mode === "viewer" ? formatInstant(instant, zone, precision) : formatInstantWithZone(instant, zone, precision);
  return (
    <time
      dateTime={instant.toISOString()}
      title={lines.join("\n")}
      className="time"
      onPointerEnter={() => setIsPointedAt(true)}
    >
      {text}
    </time>
  );
}
