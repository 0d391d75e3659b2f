import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { median } from "../statistics.ts";

const blockBytes = 8 * 1024;
const fileBlocks = 64;
const flushes = 200;

/** In milliseconds. */
export interface DiskFlush {
  readonly median: number;
  /** One in ten takes longer. */
  readonly p90: number;
}

/** The time to flush 8 KiB that were written over existing ones, which is what a commit waits for. */
export async function measureDiskFlush(folder: string): Promise<DiskFlush> {
  const path = join(folder, "flush.probe");
  const file = await open(path, "w");
  try {
    const block = Buffer.alloc(blockBytes, 1);
    for (let index = 0; index < fileBlocks; index += 1) await file.write(block, 0, blockBytes, index * blockBytes);
    await file.sync();
    const times: number[] = [];
    for (let index = 0; index < flushes; index += 1) {
      await file.write(block, 0, blockBytes, (index % fileBlocks) * blockBytes);
      const begunAt = performance.now();
      await file.sync();
      times.push(performance.now() - begunAt);
    }
    const sorted = times.sort((a, b) => a - b);
    return { median: median(sorted), p90: sorted[Math.floor(flushes * 0.9)] ?? Number.NaN };
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
