import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The flags that `npm start` gives Node, such as the size of V8's young generation. Every server of the bench gets them:
 * what is compared runs under the same conditions, and the service as it is deployed.
 */
export const nodeFlags: readonly string[] = flagsOf(startCommand());

function startCommand(): string {
  const file = join(import.meta.dirname, "../../package.json");
  const { scripts } = JSON.parse(readFileSync(file, "utf8")) as { readonly scripts: { readonly start: string } };
  return scripts.start;
}

function flagsOf(command: string): string[] {
  const words = command.split(/\s+/);
  const node = words.indexOf("node");
  const main = words.indexOf("src/main.ts");
  if (node === -1 || main < node) throw new Error(`the start script is not understood: ${command}`);
  return words.slice(node + 1, main);
}
