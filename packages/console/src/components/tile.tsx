import type { ReactNode } from "react";

/** One figure with what it counts. */
export function Tile({
  label,
  value,
  tone,
}: {
  readonly label: string;
  readonly value: ReactNode;
  readonly tone?: string;
}) {
  return (
    <div className={tone === undefined ? "tile" : `tile tile-${tone}`}>
      <span className="tile-label">{label}</span>
      <span className="tile-value">{value}</span>
    </div>
  );
}
