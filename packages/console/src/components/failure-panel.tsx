import type { Failure } from "../api/failure.ts";
import { Icon } from "./icon.tsx";

/** What went wrong, in the service's own words, with what its operator needs to find the call, and a way on. */
export function FailurePanel({
  failure,
  onRetry,
  way,
}: {
  readonly failure: Failure;
  readonly onRetry?: (() => void) | undefined;
  /** Another way on than asking again. */
  readonly way?: { readonly label: string; readonly take: () => void } | undefined;
}) {
  const { title, message, reason, violations, requestId } = failure;
  return (
    <div className="failure" role="alert">
      <p className="failure-title">
        <Icon name="alert" /> {title}
      </p>
      {message === "" ? null : <p>{message}</p>}
      {violations.length === 0 ? null : (
        <ul>
          {violations.map(({ field, description }) => (
            <li key={`${field} ${description}`}>
              <code>{field}</code> {description}
            </li>
          ))}
        </ul>
      )}
      <dl className="failure-facts">
        <dt>Reason</dt>
        <dd>
          <code>{reason}</code>
        </dd>
        {requestId === "" ? null : (
          <>
            <dt>Request id</dt>
            <dd>
              <code>{requestId}</code>
            </dd>
          </>
        )}
      </dl>
      {onRetry === undefined && way === undefined ? null : (
        <p className="failure-ways">
          {onRetry === undefined ? null : (
            <button type="button" className="button" onClick={onRetry}>
              <Icon name="refresh" /> Try again
            </button>
          )}
          {way === undefined ? null : (
            <button type="button" className="button" onClick={way.take}>
              {way.label}
            </button>
          )}
        </p>
      )}
    </div>
  );
}
