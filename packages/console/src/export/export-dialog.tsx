import { createClient, type Transport } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useEffect, useRef, useState } from "react";
import { AdminService } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { type Failure, failureOf, isWorthRetrying } from "../api/failure.ts";
import { FailurePanel } from "../components/failure-panel.tsx";
import { formatBytes, formatQuantity } from "../format/numbers.ts";
import { formatInstant, instantOf, viewerTimeZone } from "../format/times.ts";
import type { EventsRequest } from "../pages/events-request.ts";
import { csvFormat, type EventFormat, eventFormats } from "./event-formats.ts";
import { type ExportProgress, exportEvents } from "./export-events.ts";
import { FileError, fileFailureOf, isAbort, onFile } from "./file-failure.ts";
import { canStreamToDisk, type ExportSink, openDiskSink, openDownloadSink } from "./sinks.ts";

/** The most that the service puts on a page: fewer round trips for the same file. */
const exportPageSize = 1_000;

type Stage =
  | { readonly kind: "choosing" }
  | { readonly kind: "running"; readonly progress: ExportProgress }
  | { readonly kind: "done"; readonly progress: ExportProgress }
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Exports the filtered view, all pages of it, and says how far it is. Esc closes it, which cancels what is running. */
export function ExportDialog({ request, onClose }: { readonly request: EventsRequest; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [format, setFormat] = useState<EventFormat>(csvFormat);
  const { stage, start, cancel } = useExport(request);

  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby="export-title"
      onClose={() => {
        cancel();
        onClose();
      }}
    >
      <h2 id="export-title">Export the filtered events</h2>
      <p className="muted">
        All pages of the view, {request.tenantId === undefined ? "of all tenants" : `of tenant ${request.tenantId}`}.
        Times are written in UTC.
      </p>
      <fieldset className="choices" disabled={stage.kind === "running"}>
        <legend>Format</legend>
        {eventFormats.map((candidate) => (
          <label key={candidate.name} className="choice">
            <input
              type="radio"
              name="format"
              value={candidate.extension}
              checked={candidate === format}
              onChange={() => setFormat(candidate)}
            />
            <span>
              <strong>{candidate.name}</strong> <span className="muted">{candidate.meaning}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <StageView stage={stage} />
      <div className="dialog-actions">
        {stage.kind === "running" ? (
          <button type="button" className="button" onClick={cancel}>
            Cancel
          </button>
        ) : (
          <>
            <button type="button" className="button" onClick={() => dialog.current?.close()}>
              Close
            </button>
            <button type="button" className="button button-primary" onClick={() => start(format)}>
              {stage.kind === "choosing" ? "Export" : "Export again"}
            </button>
          </>
        )}
      </div>
    </dialog>
  );
}

function StageView({ stage }: { readonly stage: Stage }) {
  switch (stage.kind) {
    case "choosing":
      return null;
    case "running":
      return (
        <div className="export-progress" role="status">
          {/* Without a value: the service does not count what it has not read. */}
          <progress aria-label="Export in progress" />
          <p>{describe(stage.progress)}</p>
        </div>
      );
    case "done":
      return (
        <p className="notice notice-good" role="status">
          Done: {describe(stage.progress)}
        </p>
      );
    case "cancelled":
      return (
        <p className="notice" role="status">
          Cancelled. No file was left behind.
        </p>
      );
    case "failed":
      return <FailurePanel failure={stage.failure} />;
  }
}

function describe({ events, bytes, reached }: ExportProgress): string {
  const place = reached === undefined ? "" : `, up to ${formatInstant(reached, viewerTimeZone(), "second")}`;
  return `${formatQuantity(events, "event", "events")}, ${formatBytes(bytes)}${place}`;
}

function useExport(request: EventsRequest) {
  const transport = useTransport();
  const [stage, setStage] = useState<Stage>({ kind: "choosing" });
  const abort = useRef<AbortController>(undefined);
  // Leaving the page leaves nobody who could cancel.
  useEffect(() => () => abort.current?.abort(), []);

  const run = async (format: EventFormat) => {
    const controller = new AbortController();
    abort.current = controller;
    try {
      const sink = await onFile(() => openSink(format));
      setStage({ kind: "running", progress: { events: 0, bytes: 0, reached: undefined } });
      const progress = await exportEvents({
        format,
        sink,
        signal: controller.signal,
        fetchPage: pageReader(transport, request),
        isWorthRetrying,
        createdAt: ({ createdAt }) => instantOf(createdAt),
        onProgress: (reached) => setStage({ kind: "running", progress: reached }),
        sleep,
      });
      setStage({ kind: "done", progress });
    } catch (thrown) {
      if (controller.signal.aborted || isAbort(thrown)) setStage({ kind: "cancelled" });
      else
        setStage({ kind: "failed", failure: thrown instanceof FileError ? fileFailureOf(thrown) : failureOf(thrown) });
    }
  };
  return {
    stage,
    start: (format: EventFormat) => void run(format),
    cancel: () => abort.current?.abort(),
  };
}

async function openSink(format: EventFormat): Promise<ExportSink> {
  const name = `usage-events-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}Z.${format.extension}`;
  return canStreamToDisk()
    ? await openDiskSink(name, format.mediaType, format.extension)
    : openDownloadSink(name, format.mediaType);
}

function pageReader(transport: Transport, request: EventsRequest) {
  const admin = createClient(AdminService, transport);
  return (pageToken: string, signal: AbortSignal) =>
    admin.listUsageEvents({ ...request, pageSize: exportPageSize, pageToken }, { signal });
}

function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException("The export was cancelled.", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, delayMs);
    signal.addEventListener("abort", stop, { once: true });
  });
}
