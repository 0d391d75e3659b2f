import { quoted } from "../domain/echo.ts";
import { ConfigError } from "./config-error.ts";
import type { ConfigVariable, DefaultedVariable } from "./config-variable.ts";

/** The environment of the process, or whatever a test puts in its place. Variables that are not ours are ignored. */
export type Environment = Readonly<Record<string, string | undefined>>;

export function read<Value>(env: Environment, variable: DefaultedVariable<Value>): Value {
  return parse(variable, setText(env, variable) ?? variable.default.text);
}

export function readOptional<Value>(env: Environment, variable: ConfigVariable<Value>): Value | undefined {
  const text = setText(env, variable);
  return text === undefined ? undefined : parse(variable, text);
}

function setText(env: Environment, { name }: ConfigVariable<unknown>): string | undefined {
  const text = env[name];
  return text === "" ? undefined : text;
}

function parse<Value>(variable: ConfigVariable<Value>, text: string): Value {
  const value = variable.parse(text);
  if (value === undefined) throw refusal(variable, text, variable.allowed);
  return value;
}

export function refusal(variable: ConfigVariable<unknown>, text: string, allowed: string): ConfigError {
  const shown = quoted(variable.mask?.(text) ?? text);
  return new ConfigError(variable.name, `${variable.name} is ${shown}: allowed is ${allowed.replaceAll("`", "")}`);
}

/** A variable that means nothing without another one. Going on as if neither were set would not be what was meant. */
export function incomplete(
  variable: ConfigVariable<unknown>,
  text: string,
  missing: ConfigVariable<unknown>,
): ConfigError {
  return refusal(variable, text, `only together with ${missing.name}, which is not set`);
}
