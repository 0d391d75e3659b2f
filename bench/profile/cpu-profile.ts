/** What V8 writes with `--cpu-prof` (the Chrome DevTools protocol's Profiler.Profile). Times are in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    /** Empty for what is no JavaScript. */
    readonly url: string;
    readonly lineNumber: number;
  };
}

/** The time in which a function itself ran, its callees left out. */
export interface SelfTime {
  readonly functionName: string;
  readonly url: string;
  /** From 1; 0 for what is no JavaScript. */
  readonly line: number;
  readonly microseconds: number;
}

/** On the clock of `process.hrtime`, which is V8's as well. */
export interface ProfileWindow {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Self times within the window, largest first; all positions in one function are one. */
export function selfTimes(profile: CpuProfile, window: ProfileWindow): SelfTime[] {
  const { nodes, samples = [], timeDeltas = [] } = profile;
  const nodesById = new Map(nodes.map((node) => [node.id, node]));
  const times = new Map<string, SelfTime>();
  let at = profile.startTime;
  for (const [index, nodeId] of samples.entries()) {
    const delta = timeDeltas[index] ?? 0;
    at += delta;
    const node = nodesById.get(nodeId);
    if (node === undefined || at < window.fromUs || at >= window.toUs) continue;
    const { functionName, url, lineNumber } = node.callFrame;
    const key = `${functionName} ${url} ${lineNumber}`;
    const microseconds = (times.get(key)?.microseconds ?? 0) + delta;
    times.set(key, { functionName, url, line: lineNumber + 1, microseconds });
  }
  return [...times.values()].sort((a, b) => b.microseconds - a.microseconds);
}
