import type { UsageEvent } from "../../../../gen/quota/v1/usage_pb.ts";
import type { EventFormat } from "./event-formats.ts";
import { onFile } from "./file-failure.ts";
import type { ExportSink } from "./sinks.ts";

/** Attempts at one page before the export fails. */
const attemptsMax = 4;
const firstRetryDelayMs = 500;

/** One page of the view that is exported. */
export interface EventPage {
  readonly events: readonly UsageEvent[];
  readonly nextPageToken: string;
}

export interface ExportProgress {
  readonly events: number;
  /** Of the file, in UTF-8. */
  readonly bytes: number;
  /** When the last event that was written was created: how far through time the export has come. */
  readonly reached: Date | undefined;
}

export interface ExportInput {
  readonly format: EventFormat;
  readonly sink: ExportSink;
  readonly signal: AbortSignal;
  /** Reads one page; an empty token means the first. */
  fetchPage(pageToken: string, signal: AbortSignal): Promise<EventPage>;
  /** True for a failure that a repeat of the same page may cure. */
  isWorthRetrying(thrown: unknown): boolean;
  createdAt(event: UsageEvent): Date | undefined;
  onProgress(progress: ExportProgress): void;
  /** Waits; rejects when the signal fires. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

/**
 * Writes every event of the view to the sink, page by page, so that memory holds one page however many there are. The next page
 * is fetched while the one before is written.
 *
 * When it fails or is cancelled the sink is abandoned: a file that lacks its end would pass for a whole one.
 *
 * @throws FileError when the sink could not be written
 * @throws whatever the service raised, or the signal's reason
 */
export async function exportEvents(input: ExportInput): Promise<ExportProgress> {
  const { format, sink, signal } = input;
  const encoder = new TextEncoder();
  const progress = { events: 0, bytes: 0, reached: undefined as Date | undefined };

  const write = async (text: string) => {
    if (text === "") return;
    const chunk = encoder.encode(text);
    await onFile(() => sink.write(chunk));
    progress.bytes += chunk.byteLength;
  };

  try {
    await write(format.head);
    let pending: Promise<EventPage> | undefined = fetchPatiently(input, "");
    while (pending !== undefined) {
      const page: EventPage = await pending;
      signal.throwIfAborted();
      pending = page.nextPageToken === "" ? undefined : fetchPatiently(input, page.nextPageToken);
      // Its failure is met at the top of the loop; until then nobody would be listening.
      pending?.catch(() => undefined);
      await write(page.events.map((event) => format.line(event)).join(""));
      progress.events += page.events.length;
      const last = page.events.at(-1);
      if (last !== undefined) progress.reached = input.createdAt(last);
      input.onProgress({ ...progress });
    }
    await onFile(() => sink.close());
    return progress;
  } catch (thrown) {
    // What went wrong first is what a person can do something about.
    await sink.abandon().catch(() => undefined);
    throw thrown;
  }
}

async function fetchPatiently(input: ExportInput, pageToken: string): Promise<EventPage> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await input.fetchPage(pageToken, input.signal);
    } catch (thrown) {
      if (attempt === attemptsMax || input.signal.aborted || !input.isWorthRetrying(thrown)) throw thrown;
      await input.sleep(firstRetryDelayMs * 2 ** (attempt - 1), input.signal);
    }
  }
}
