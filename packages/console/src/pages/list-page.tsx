import type { ConnectError } from "@connectrpc/connect";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Filter, PresetGroup } from "../components/filter-bar.tsx";
import { FilterBar, problemsOf } from "../components/filter-bar.tsx";
import { Pager } from "../components/pager.tsx";
import { QueryView } from "../components/query-view.tsx";
import { EmptyState } from "../components/states.tsx";
import type { ChangeParameters } from "../routing/location.ts";
import type { Parameters } from "../routing/routes.ts";

const skeletonLines = 12;

/** The filters, the list that they leave, and the way through its pages. */
export function ListView<T extends { readonly nextPageToken: string }>({
  filters,
  presetGroups,
  parameters,
  change,
  query,
  countOf,
  noun,
  empty,
  children,
}: {
  readonly filters: readonly Filter[];
  readonly presetGroups?: readonly PresetGroup[];
  readonly parameters: Parameters;
  readonly change: ChangeParameters;
  readonly query: UseQueryResult<T, ConnectError>;
  readonly countOf: (page: T) => number;
  readonly noun: string;
  readonly empty: string;
  readonly children: (page: T) => ReactNode;
}) {
  const hasProblem = Object.keys(problemsOf(filters, parameters)).length > 0;
  return (
    <>
      <FilterBar
        filters={filters}
        parameters={parameters}
        change={change}
        {...(presetGroups === undefined ? {} : { presetGroups })}
      />
      {hasProblem ? (
        <EmptyState title="A filter needs mending first.">Nothing was asked of the service.</EmptyState>
      ) : (
        <QueryView query={query} skeletonLines={skeletonLines} toFirstPage={() => change({ page: undefined })}>
          {(page) => (
            <>
              {countOf(page) === 0 ? (
                <EmptyState title={empty}>Loosen a filter to see more.</EmptyState>
              ) : (
                children(page)
              )}
              <Pager
                count={countOf(page)}
                noun={noun}
                nextPageToken={page.nextPageToken}
                parameters={parameters}
                change={change}
              />
            </>
          )}
        </QueryView>
      )}
    </>
  );
}
