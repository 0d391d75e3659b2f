import { describe, expect, it } from "vitest";
import { ndjsonFormat } from "../src/export/event-formats.ts";
import { type ExportInput, type ExportProgress, exportEvents } from "../src/export/export-events.ts";
import { FileError, fileFailureOf } from "../src/export/file-failure.ts";
import type { ExportSink } from "../src/export/sinks.ts";
import { instantOf } from "../src/format/times.ts";
import { sampleEvent } from "./sample-event.ts";

const busy = new Error("busy");

/** A sink that keeps what it is given, and how it ended. */
function keepingSink() {
  const kept = { text: "", end: "open" };
  const decoder = new TextDecoder();
  const sink: ExportSink = {
    write: async (chunk) => {
      kept.text += decoder.decode(chunk);
    },
    close: async () => {
      kept.end = "closed";
    },
    abandon: async () => {
      kept.end = "abandoned";
    },
  };
  return { kept, sink };
}

/** Pages of two, one and no events. */
const pages = new Map([
  ["", { events: [sampleEvent({ sequence: 1n }), sampleEvent({ sequence: 2n })], nextPageToken: "b" }],
  ["b", { events: [sampleEvent({ sequence: 3n })], nextPageToken: "c" }],
  ["c", { events: [], nextPageToken: "" }],
]);

async function fetchPage(token: string) {
  const page = pages.get(token);
  if (page === undefined) throw new Error(`no page ${token}`);
  return page;
}

function input(changes: Partial<ExportInput> & Pick<ExportInput, "sink">): ExportInput {
  return {
    format: ndjsonFormat,
    signal: new AbortController().signal,
    fetchPage,
    isWorthRetrying: (thrown) => thrown === busy,
    createdAt: ({ createdAt }) => instantOf(createdAt),
    onProgress: () => undefined,
    sleep: async () => undefined,
    ...changes,
  };
}

describe("an export", () => {
  it("writes every event of every page once, in order, and closes the file", async () => {
    const { kept, sink } = keepingSink();
    const progress = await exportEvents(input({ sink }));
    const lines = kept.text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).sequence)).toEqual(["1", "2", "3"]);
    expect(kept.end).toBe("closed");
    expect(progress.events).toBe(3);
    expect(progress.bytes).toBe(new TextEncoder().encode(kept.text).byteLength);
  });

  it("says after each page how far it is", async () => {
    const seen: ExportProgress[] = [];
    await exportEvents(input({ sink: keepingSink().sink, onProgress: (progress) => seen.push(progress) }));
    expect(seen.map(({ events }) => events)).toEqual([2, 3, 3]);
    expect(seen[0]?.reached?.toISOString()).toBe("2026-11-24T03:31:22.747Z");
  });

  it("asks again for a page that a busy service refused", async () => {
    const { kept, sink } = keepingSink();
    let refusals = 0;
    const refuseThrice = async (token: string) => {
      if (token === "b" && refusals < 3) {
        refusals += 1;
        throw busy;
      }
      return await fetchPage(token);
    };
    await exportEvents(input({ sink, fetchPage: refuseThrice }));
    expect(kept.text.trimEnd().split("\n")).toHaveLength(3);
  });

  it("gives up after four attempts at one page, and leaves no file", async () => {
    const { kept, sink } = keepingSink();
    let attempts = 0;
    const refuse = async () => {
      attempts += 1;
      throw busy;
    };
    await expect(exportEvents(input({ sink, fetchPage: refuse }))).rejects.toBe(busy);
    expect(attempts).toBe(4);
    expect(kept.end).toBe("abandoned");
  });

  it("leaves no file when it is cancelled between two pages", async () => {
    const { kept, sink } = keepingSink();
    const controller = new AbortController();
    const cancel = () => controller.abort(new Error("cancelled"));
    const exporting = exportEvents(input({ sink, signal: controller.signal, onProgress: cancel }));
    await expect(exporting).rejects.toThrow("cancelled");
    expect(kept.end).toBe("abandoned");
    expect(kept.text.trimEnd().split("\n")).toHaveLength(2);
  });

  it("leaves no file when the disk is full", async () => {
    const { kept, sink } = keepingSink();
    const full = { ...sink, write: () => Promise.reject(new Error("disk full")) };
    await expect(exportEvents(input({ sink: full }))).rejects.toThrow("disk full");
    expect(kept.end).toBe("abandoned");
  });

  it.each(["write", "close"])("tells a file that fails at %s from a service that does", async (step) => {
    const cause = new DOMException("no space left", "QuotaExceededError");
    const { kept, sink } = keepingSink();
    const thrown = await exportEvents(input({ sink: { ...sink, [step]: () => Promise.reject(cause) } })).catch(
      (error: unknown) => error,
    );
    if (!(thrown instanceof FileError)) throw new Error(`not of the file: ${thrown}`);
    expect(fileFailureOf(thrown)).toMatchObject({
      title: "There is no room left for the file",
      message: expect.stringContaining("no space left"),
      reason: "QuotaExceededError",
      requestId: "",
    });
    expect(kept.end).toBe("abandoned");
  });

  it("says what went wrong first when the file cannot be abandoned either", async () => {
    const { sink } = keepingSink();
    const stuck = { ...sink, abandon: () => Promise.reject(new Error("cannot abandon")) };
    const refuse = () => Promise.reject(new Error("no service"));
    await expect(exportEvents(input({ sink: stuck, fetchPage: refuse }))).rejects.toThrow("no service");
  });
});
