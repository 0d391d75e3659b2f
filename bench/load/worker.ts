import type { LoadJob, LoadReport } from "./load-job.ts";
import { LoadRun } from "./load-run.ts";

/** The generator's own process. It takes one job at a time, and ends with its parent. */

function tell(report: LoadReport): void {
  process.send?.(report);
}

process.on("message", (job: LoadJob) => {
  const window = {
    opened: () => tell({ kind: "window-opened" }),
    closed: () => tell({ kind: "window-closed" }),
  };
  new LoadRun(job).run(window).then(
    (result) => tell({ kind: "done", result }),
    (error: unknown) => tell({ kind: "failed", reason: error instanceof Error ? error.message : String(error) }),
  );
});

process.on("disconnect", () => process.exit(0));
