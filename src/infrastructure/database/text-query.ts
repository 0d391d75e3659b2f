import type pg from "pg";

/** Rows as arrays of the server's texts: parsing by type is left to whoever knows the columns. */
export type TextRow = readonly (string | null)[];

/** Arrays come in binary form (`binary-arrays.ts`), all else as text. */
export type Parameter = string | number | Buffer | null;

export interface TextAnswer {
  readonly rows: TextRow[];
  /** The server's word for what it did: `COMMIT`, `SELECT 3`. Of several statements in one message, the last one's. */
  readonly command: string;
}

/** A statement with parameters. Without a name it is parsed anew each time. */
export interface ParametrisedText {
  readonly name?: string;
  readonly text: string;
  readonly parameters: readonly Parameter[];
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
  #parameters: readonly Parameter[] | undefined;
  #rows: TextRow[] = [];
  #command = "";
  #settle: Pick<PromiseWithResolvers<TextAnswer>, "resolve" | "reject"> | undefined;

  /** @param query a text may hold several statements, whose rows are answered as if they were one's */
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

  /** @returns what the driver fails the query with, nothing being sent */
  submit(driver: pg.Connection): Error | null {
    const connection = driver as unknown as WireConnection;
    if (this.#parameters === undefined) connection.query(this.text);
    else if (isNameOfAnother(connection, this)) return new Error(`two statements have the name ${this.name}`);
    else this.#submitParametrised(connection, this.#parameters.map(wireValueOf));
    return null;
  }

  /** In one piece: the connection would send message by message. */
  #submitParametrised(connection: WireConnection, values: readonly WireValue[]): void {
    const { name, text } = this;
    connection.stream.cork();
    try {
      if (name === undefined || textUnder(connection, name) === undefined) {
        connection.parse({ name, text });
        if (name !== undefined) connection.submittedNamedStatements[name] = text;
      }
      connection.bind({ statement: name, values });
      connection.execute({});
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
    this.#parameters = [];
  }

  handleRowDescription(): void {
    // Whoever asked knows the columns. A text is described without being asked; a statement with parameters is not.
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

/** The driver sends buffers as binary values. */
type WireValue = string | Buffer | null;

/** What the driver's connection can do, which its types say only in part. */
interface WireConnection {
  readonly parsedStatements: Readonly<Record<string, string | undefined>>;
  readonly submittedNamedStatements: Record<string, string | undefined>;
  readonly stream: { cork(): void; uncork(): void };
  query(text: string): void;
  parse(statement: { readonly name: string | undefined; readonly text: string }): void;
  bind(portal: { readonly statement: string | undefined; readonly values: readonly WireValue[] }): void;
  execute(portal: object): void;
  sync(): void;
}

/** What the server has parsed under this name, or will have: it runs what it is sent in order. */
function textUnder(connection: WireConnection, name: string): string | undefined {
  return connection.parsedStatements[name] ?? connection.submittedNamedStatements[name];
}

function isNameOfAnother(connection: WireConnection, { name, text }: TextQuery): boolean {
  const known = name === undefined ? undefined : textUnder(connection, name);
  return known !== undefined && known !== text;
}

function wireValueOf(parameter: Parameter): WireValue {
  return typeof parameter === "number" ? String(parameter) : parameter;
}
