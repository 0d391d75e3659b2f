import type pg from "pg";

/** Rows as arrays of the server's texts: parsing by type is left to whoever knows the columns. */
export type TextRow = readonly (string | null)[];

/** Arrays come as literals (`array-literals.ts`). */
export type TextParameter = string | number | null;

export interface TextAnswer {
  readonly rows: TextRow[];
  /** The server's word for what it did: `COMMIT`, `SELECT 3`. Of several statements in one message, the last one's. */
  readonly command: string;
}

/** A statement with parameters. Without a name it is parsed anew each time. */
export interface ParametrisedText {
  readonly name?: string;
  readonly text: string;
  readonly parameters: readonly TextParameter[];
}

/**
 * What the driver sends for a query and hears of it, without its own query class: that one keeps what it has read, and the next
 * one, from dying young (decision 0007), makes an event emitter and a timer for each, and parses what nobody asks for.
 */
export class TextQuery implements pg.Submittable {
  readonly answer: Promise<TextAnswer>;
  /** The driver remembers by these two what the server has parsed. */
  readonly name: string | undefined;
  readonly text: string;
  #parameters: readonly TextParameter[] | undefined;
  #rows: TextRow[] = [];
  #command = "";
  #settle: Pick<PromiseWithResolvers<TextAnswer>, "resolve" | "reject"> | undefined;

  /** @param query a text may hold several statements, and answers no rows */
  constructor(query: string | ParametrisedText) {
    const { promise, resolve, reject } = Promise.withResolvers<TextAnswer>();
    this.answer = promise;
    this.#settle = { resolve, reject };
    if (typeof query === "string") {
      this.text = query;
    } else {
      this.name = query.name;
      this.text = query.text;
      this.#parameters = query.parameters;
    }
  }

  submit(driver: pg.Connection): null {
    const connection = driver as unknown as WireConnection;
    if (this.#parameters === undefined) connection.query(this.text);
    else this.#submitParametrised(connection, this.#parameters);
    return null;
  }

  /** In one piece: the connection would send message by message. */
  #submitParametrised(connection: WireConnection, parameters: readonly TextParameter[]): void {
    const { name, text } = this;
    connection.stream.cork();
    if (name === undefined || !isParsed(connection, name)) {
      connection.parse({ name, text });
      if (name !== undefined) connection.submittedNamedStatements[name] = text;
    }
    connection.bind({ statement: name, values: parameters.map(textOf) });
    connection.describe({ type: "P", name: "" });
    connection.execute({});
    connection.sync();
    connection.stream.uncork();
    this.#parameters = [];
  }

  handleRowDescription(): void {
    // Whoever asked knows the columns.
  }

  handleDataRow(row: { readonly fields: TextRow }): void {
    this.#rows.push(row.fields);
  }

  handleCommandComplete(completed: { readonly text: string }): void {
    this.#command = completed.text;
  }

  handleEmptyQuery(): void {
    // Nothing was asked, and nothing is answered.
  }

  handleReadyForQuery(): void {
    const settle = this.#settle;
    const answer = { rows: this.#rows, command: this.#command };
    this.#letGo();
    settle?.resolve(answer);
  }

  handleError(error: unknown): void {
    const settle = this.#settle;
    this.#letGo();
    settle?.reject(error);
  }

  /** What is done with should not keep anything: it may itself be kept for a while. */
  #letGo(): void {
    this.#settle = undefined;
    this.#rows = [];
  }
}

/** What the driver's connection can do, which its types say only in part. */
interface WireConnection {
  readonly parsedStatements: Readonly<Record<string, string>>;
  readonly submittedNamedStatements: Record<string, string>;
  readonly stream: { cork(): void; uncork(): void };
  query(text: string): void;
  parse(statement: { readonly name: string | undefined; readonly text: string }): void;
  bind(portal: { readonly statement: string | undefined; readonly values: readonly (string | null)[] }): void;
  describe(portal: { readonly type: "P"; readonly name: string }): void;
  execute(portal: object): void;
  sync(): void;
}

/** By the server, or soon: it runs what it is sent in order. */
function isParsed(connection: WireConnection, name: string): boolean {
  return Object.hasOwn(connection.parsedStatements, name) || Object.hasOwn(connection.submittedNamedStatements, name);
}

function textOf(parameter: TextParameter): string | null {
  return typeof parameter === "number" ? String(parameter) : parameter;
}
