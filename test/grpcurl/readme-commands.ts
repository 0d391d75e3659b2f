/**
 * Runs every block of a Markdown file that is marked `sh` and calls grpcurl, buf curl or curl, as printed, and compares what
 * it prints with the block that follows directly: `json` as a whole, `text` from its beginning. Prints a line for each,
 * and `counts <passed> <failed>` last. With a folder as second argument it runs in it the blocks that show a credential,
 * and otherwise, where it is started, those that do not.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

const commandTimeoutMs = 60_000;

interface Block {
  readonly language: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
  /** Whether nothing but empty lines stands between it and the block before. */
  readonly followsDirectly: boolean;
}

interface Output {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What differs from run to run: ids that carry a time, instants, time left, page tokens. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b/g, "(id)"],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "(time)"],
  [/"\d+(\.\d+)?s"/g, '"(duration)"'],
  [/"[\w-]{20,}\.[\w-]{43}"/g, '"(token)"'],
  [/\bqsk_[0-9a-f]{80}\b/g, "(secret)"],
  [/\bqsk_[0-9a-f]{12}\b/g, "(prefix)"],
];

function masked(text: string): string {
  return masks.reduce((rest, [pattern, mask]) => rest.replaceAll(pattern, mask), text);
}

function readBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let endBefore = Number.NaN;
  for (const fence of markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)) {
    const [all, language = "", text = ""] = fence;
    const between = markdown.slice(endBefore, fence.index);
    const line = markdown.slice(0, fence.index).split("\n").length + 1;
    blocks.push({ language, text, line, followsDirectly: between.trim() === "" && !Number.isNaN(endBefore) });
    endBefore = fence.index + all.length;
  }
  return blocks;
}

function isCommand({ language, text }: Block): boolean {
  return language === "sh" && /\bgrpcurl -plaintext\b|\bnpx buf curl\b|^curl /m.test(text);
}

function showsCredential({ text }: Block): boolean {
  return text.includes("authorization:");
}

/** Runs the block in a shell that stops at the first failure. */
function run(text: string): Output {
  return spawnSync("bash", ["-euo", "pipefail", "-c", text], {
    encoding: "utf8",
    timeout: commandTimeoutMs,
    ...(folder === undefined ? {} : { cwd: folder }),
  });
}

/** What is wrong with the output; undefined when it is as printed. */
function difference(output: Output, expected: Block | undefined): string | undefined {
  const isRefusal = expected?.language === "text" && expected.text.startsWith("ERROR:");
  if ((output.status === 0) === isRefusal) return `exit status ${output.status}`;
  if (expected?.language === "json") return jsonDifference(output.stdout, expected.text);
  if (expected?.language === "text") return textDifference(isRefusal ? output.stderr : output.stdout, expected.text);
  return undefined;
}

function jsonDifference(actual: string, expected: string): string | undefined {
  const documents = [actual, expected].map((text): unknown => {
    try {
      return JSON.parse(masked(text));
    } catch (error) {
      return error;
    }
  });
  if (documents.some((document) => document instanceof Error)) return `no JSON document: ${String(documents)}`;
  return isDeepStrictEqual(documents[0], documents[1]) ? undefined : "another answer than the README's";
}

/** The text may leave out the end. How printers indent is no matter. */
function textDifference(actual: string, expected: string): string | undefined {
  const [found, wanted] = [actual, expected].map((text) => masked(text).trim().split(/\s+/).join(" "));
  return found?.startsWith(wanted ?? "") ? undefined : "another answer than the README's";
}

const [fileName = "", folder] = process.argv.slice(2);
const blocks = readBlocks(readFileSync(fileName, "utf8"));
const failures: string[] = [];
let passed = 0;

for (const [index, block] of blocks.entries()) {
  if (!isCommand(block) || showsCredential(block) !== (folder !== undefined)) continue;
  const next = blocks[index + 1];
  const output = run(block.text);
  const problem = difference(output, next?.followsDirectly === true ? next : undefined);
  const [firstLine = ""] = block.text.split("\n");
  if (problem === undefined) passed += 1;
  else failures.push(`${fileName}:${block.line}`);
  process.stdout.write(`${problem === undefined ? "ok     " : "FAILED "} ${fileName}:${block.line} ${firstLine}\n`);
  if (problem !== undefined) process.stdout.write(`${problem}\n${output.stdout}${output.stderr}\n`);
}

for (const client of ["grpcurl -plaintext", "npx buf curl", "curl -sS"]) {
  if (folder !== undefined || blocks.some((block) => isCommand(block) && block.text.includes(client))) continue;
  failures.push(client);
  process.stdout.write(`FAILED  ${fileName} has no command that calls ${client}\n`);
}
if (passed + failures.length === 0) {
  failures.push("commands");
  process.stdout.write(`FAILED  ${fileName} has no command to run here\n`);
}
process.stdout.write(`counts ${passed} ${failures.length}\n`);
