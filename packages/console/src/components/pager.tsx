import type { ChangeParameters } from "../routing/location.ts";
import type { Parameters } from "../routing/routes.ts";

export const pageSizes = ["25", "50", "100", "250"] as const;
const pageSizeDefault = "50";

export function pageSizeOf(parameters: Parameters): number {
  return Number(pageSizes.find((size) => size === parameters["size"]) ?? pageSizeDefault);
}

/** The way through the pages. A page is a token of the service in the address, so it can be sent and gone back to. */
export function Pager({
  count,
  noun,
  nextPageToken,
  parameters,
  change,
}: {
  readonly count: number;
  readonly noun: string;
  readonly nextPageToken: string;
  readonly parameters: Parameters;
  readonly change: ChangeParameters;
}) {
  const isFirst = (parameters["page"] ?? "") === "";
  return (
    <nav className="pager" aria-label="Pages">
      <span className="muted">
        {count} {noun} on this page{nextPageToken === "" && isFirst ? ", and no more" : ""}
      </span>
      <label className="pager-size">
        <span>Per page</span>
        <select
          value={String(pageSizeOf(parameters))}
          onChange={(event) =>
            change({ size: event.target.value === pageSizeDefault ? undefined : event.target.value, page: undefined })
          }
        >
          {pageSizes.map((size) => (
            <option key={size}>{size}</option>
          ))}
        </select>
      </label>
      <button type="button" className="button" disabled={isFirst} onClick={() => change({ page: undefined })}>
        First page
      </button>
      <button type="button" className="button" disabled={isFirst} onClick={() => window.history.back()}>
        Back
      </button>
      <button
        type="button"
        className="button"
        disabled={nextPageToken === ""}
        onClick={() => change({ page: nextPageToken })}
      >
        Next page
      </button>
    </nav>
  );
}
