import type { ReactNode } from "react";

/** Values by their names, in the order in which they are shown. */
export type FactsByName = Readonly<Record<string, ReactNode>>;

/** Names and values, side by side. */
export function Facts({ facts }: { readonly facts: FactsByName }) {
  return (
    <dl className="facts">
      {Object.entries(facts).map(([name, value]) => (
        <div key={name} className="fact">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
