import type { ConfigVariable } from "./config-variable.ts";
import { configVariables } from "./config-variables.ts";

/** The configuration table of the README, without the markers around it. */
export function configTableMarkdown(): string {
  const header = ["Variable", "Default", "Allowed", "Meaning"];
  return [header, header.map(() => "---"), ...configVariables.map(cells)].map(row).join("\n");
}

function cells(variable: ConfigVariable<unknown>): string[] {
  const initial = "text" in variable.default ? `\`${variable.default.text}\`` : variable.default.description;
  return [`\`${variable.name}\``, initial, variable.allowed, variable.meaning];
}

function row(columns: readonly string[]): string {
  return `| ${columns.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}
