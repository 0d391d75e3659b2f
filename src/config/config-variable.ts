/** One environment variable: what the parser, the error line and the README say about it. Texts are Markdown. */
export interface ConfigVariable<Value> {
  readonly name: string;
  /** What holds when the variable is unset or empty: a text that is read like a set one, or a description in words. */
  readonly default: DefaultText | DefaultDescription;
  /** What is allowed, as it continues "allowed is". */
  readonly allowed: string;
  readonly meaning: string;
  /** Undefined when the text is refused. */
  readonly parse: (text: string) => Value | undefined;
  /** The value as it may be shown. Absent: as it is. */
  readonly mask?: (text: string) => string;
}

export interface DefaultText {
  readonly text: string;
}

export interface DefaultDescription {
  readonly description: string;
}

/** A variable that always has a value. */
export type DefaultedVariable<Value> = ConfigVariable<Value> & { readonly default: DefaultText };

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/** A whole number in decimal digits: neither "1e3" nor "010" nor "5.0", which others read as different numbers. */
export function integerVariable(
  name: string,
  meaning: string,
  initial: number,
  { min, max }: IntegerRange,
): DefaultedVariable<number> {
  return {
    name,
    default: { text: String(initial) },
    allowed: `a whole number from ${min} to ${max}`,
    meaning,
    parse: (text) => {
      const value = /^(?:0|[1-9][0-9]*)$/.test(text) ? Number(text) : undefined;
      return value !== undefined && value >= min && value <= max ? value : undefined;
    },
  };
}

/** One of several words, in exactly this case. */
export function choiceVariable<Value extends string>(
  name: string,
  meaning: string,
  initial: Value,
  values: readonly Value[],
): DefaultedVariable<Value> {
  return {
    name,
    default: { text: initial },
    allowed: `one of ${values.map((value) => `\`${value}\``).join(", ")}`,
    meaning,
    parse: (text) => values.find((value) => value === text),
  };
}
