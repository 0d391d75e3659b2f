import type { ConnectError } from "@connectrpc/connect";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { failureOf, reasonOf } from "../api/failure.ts";
import { FailurePanel } from "./failure-panel.tsx";
import { Skeleton } from "./states.tsx";

/**
 * One of three: what was read, that it is on its way, or why it could not be read. What is already there stays, dimmed, while it
 * is read anew.
 */
export function QueryView<T>({
  query,
  skeletonLines,
  toFirstPage,
  children,
}: {
  readonly query: UseQueryResult<T, ConnectError>;
  readonly skeletonLines: number;
  /** Offered where the page in the address can no longer be opened. */
  readonly toFirstPage?: (() => void) | undefined;
  readonly children: (data: T) => ReactNode;
}) {
  if (query.isError) {
    const hasWay = toFirstPage !== undefined && reasonOf(query.error) === "PAGE_TOKEN_INVALID";
    return (
      <FailurePanel
        failure={failureOf(query.error)}
        onRetry={() => void query.refetch()}
        way={hasWay ? { label: "To the first page", take: toFirstPage } : undefined}
      />
    );
  }
  if (query.data === undefined) return <Skeleton lines={skeletonLines} />;
  return (
    <div className={query.isPlaceholderData ? "is-stale" : undefined} aria-busy={query.isPlaceholderData}>
      {children(query.data)}
    </div>
  );
}
