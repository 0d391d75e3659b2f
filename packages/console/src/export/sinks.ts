/** Where an export goes. */
export interface ExportSink {
  write(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Makes the file whole. */
  close(): Promise<void>;
  /** Leaves nothing behind that could pass for a whole file. */
  abandon(): Promise<void>;
}

interface SaveFilePickerOptions {
  readonly suggestedName: string;
  readonly types: readonly { readonly accept: Readonly<Record<string, readonly string[]>> }[];
}

declare global {
  interface Window {
    /** Browsers of the Chromium family, in secure contexts only. */
    showSaveFilePicker?: (options: SaveFilePickerOptions) => Promise<FileSystemFileHandle>;
  }
}

/** True where an export can go to the disk as it arrives, instead of through memory. */
export function canStreamToDisk(): boolean {
  return window.showSaveFilePicker !== undefined;
}

/**
 * Asks where to save, and writes there as the export arrives. The browser keeps what is written in a file of its own until
 * `close`, so that an abandoned export leaves the chosen file as it was.
 *
 * @throws DOMException named AbortError when the person closes the dialogue
 */
export async function openDiskSink(name: string, mediaType: string, extension: string): Promise<ExportSink> {
  if (window.showSaveFilePicker === undefined) throw new Error("this browser cannot write to disk");
  const handle = await window.showSaveFilePicker({
    suggestedName: name,
    types: [{ accept: { [mediaType]: [`.${extension}`] } }],
  });
  const stream = await handle.createWritable();
  return {
    write: (chunk) => stream.write(chunk),
    close: () => stream.close(),
    abandon: () => stream.abort(),
  };
}

/** How much is gathered before it is handed to the browser as a Blob, which it may keep outside of the page's memory. */
const blobBytes = 4 * 1024 * 1024;

/** How long the browser is given to begin the download before the address of its content is withdrawn. */
const downloadGraceMs = 60_000;

/** Gathers the export in Blobs and hands them over as one download when it is whole. For every other browser. */
export function openDownloadSink(name: string, mediaType: string): ExportSink {
  let parts: Blob[] = [];
  let gathered: Uint8Array<ArrayBuffer>[] = [];
  let gatheredBytes = 0;
  const flush = () => {
    if (gathered.length > 0) parts.push(new Blob(gathered));
    gathered = [];
    gatheredBytes = 0;
  };
  return {
    write: async (chunk) => {
      gathered.push(chunk);
      gatheredBytes += chunk.byteLength;
      if (gatheredBytes >= blobBytes) flush();
    },
    close: async () => {
      flush();
      const address = URL.createObjectURL(new Blob(parts, { type: mediaType }));
      parts = [];
      const link = document.createElement("a");
      link.href = address;
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), downloadGraceMs);
    },
    abandon: async () => {
      parts = [];
      gathered = [];
    },
  };
}
