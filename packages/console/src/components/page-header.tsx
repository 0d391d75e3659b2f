import { useIsFetching, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { Icon } from "./icon.tsx";

/** The page's name, which is also the tab's, with a button that reads everything on it anew. */
export function PageHeader({
  title,
  summary,
  children,
}: {
  readonly title: string;
  readonly summary: ReactNode;
  readonly children?: ReactNode;
}) {
  const client = useQueryClient();
  const isFetching = useIsFetching() > 0;
  useEffect(() => {
    document.title = `${title} · Quota console`;
  }, [title]);
  return (
    <header className="page-header">
      <div>
        <h1>{title}</h1>
        <p className="muted">{summary}</p>
      </div>
      <div className="page-actions">
        {children}
        <button
          type="button"
          className="button"
          onClick={() => void client.invalidateQueries({ refetchType: "active" })}
          aria-busy={isFetching}
        >
          <Icon name="refresh" /> Refresh
        </button>
      </div>
    </header>
  );
}
