/**
 * A configuration that the service refuses to start with. The message is one line that names the variable, its value
 * and what is allowed; passwords are masked, so it may be logged.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** The environment variable to change. */
  readonly variable: string;

  constructor(variable: string, message: string) {
    super(message);
    this.variable = variable;
  }
}
