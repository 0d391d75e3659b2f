/** Where a function's code comes from, as coarsely as one thinks of it when looking for what to make cheaper. */
export function codeGroup(functionName: string, url: string): string {
  if (functionName === "(garbage collector)") return "garbage collector";
  // Native code called from JavaScript that has no frame of its own: system calls, mostly.
  if (functionName === "(program)") return "native (program)";
  if (url === "") return "V8 built-ins";
  if (url.startsWith("node:")) return `node internals: ${nodePart(url)}`;
  const [, packageName] = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  if (packageName !== undefined) return packageName;
  const [, ownPart] = /\/(src\/(?:domain|services|repositories|api|infrastructure\/[^/]+)|gen)\//.exec(url) ?? [];
  return ownPart ?? "src";
}

function nodePart(url: string): string {
  if (url.includes("http2")) return "http2";
  if (url.includes("stream")) return "streams";
  if (/net|tcp/.test(url)) return "net";
  if (/timers|task_queues|async_hooks|promises/.test(url)) return "timers and tasks";
  if (url.includes("events")) return "events";
  if (url.includes("buffer")) return "buffer";
  return "other";
}
