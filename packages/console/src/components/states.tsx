import type { ReactNode } from "react";

/** Says that there is nothing, and what that means. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty" role="status">
      <p className="empty-title">{title}</p>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  );
}

/** Grey lines in the place of what is on its way, so that the page does not jump when it arrives. */
export function Skeleton({ lines }: { readonly lines: number }) {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">Loading …</span>
      {Array.from({ length: lines }, (_, index) => index).map((line) => (
        <div key={line} className="skeleton-line" />
      ))}
    </div>
  );
}
