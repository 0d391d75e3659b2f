/** As much of PostgreSQL's protocol as a proxy needs to understand a client (PostgreSQL manual, "Message Formats"). */

/** What stands for a parameter: binary values as they are, all others as text. */
export type SentValue = string | Buffer | null;

/** SQL on its way to the server, with its parameters. */
export interface SentStatement {
  readonly text: string;
  readonly values: readonly SentValue[];
  /** Whether it has a name, under which the server may keep a plan that suits all values. */
  readonly isNamed: boolean;
}

const lengthBytes = 4;
const typedHeaderBytes = 5;

/** PostgreSQL's number for it; 0 is text. */
const binaryFormat = 1;

/** Cuts what a client sends into messages. The first one has no type. */
export class MessageReader {
  #buffered = Buffer.alloc(0);
  #isStarted = false;

  read(chunk: Buffer): Buffer[] {
    this.#buffered = Buffer.concat([this.#buffered, chunk]);
    const messages: Buffer[] = [];
    for (let length = this.#nextLength(); length <= this.#buffered.length; length = this.#nextLength()) {
      messages.push(this.#buffered.subarray(0, length));
      this.#buffered = this.#buffered.subarray(length);
      this.#isStarted = true;
    }
    return messages;
  }

  #nextLength(): number {
    const typeBytes = this.#isStarted ? typedHeaderBytes - lengthBytes : 0;
    if (this.#buffered.length < typeBytes + lengthBytes) return Number.POSITIVE_INFINITY;
    return typeBytes + this.#buffered.readInt32BE(typeBytes);
  }
}

/** Puts statements together again: a Query holds one or several, and otherwise Parse brings the text and Bind the values. */
export class StatementReader {
  readonly #parsed = new Map<string, string>();

  /** The statement that the message sends off, if it does. */
  read(message: Buffer): SentStatement | undefined {
    const fields = new FieldReader(message);
    switch (String.fromCharCode(message[0] ?? 0)) {
      case "Q":
        return { text: fields.text(), values: [], isNamed: false };
      case "P":
        this.#parsed.set(fields.text(), fields.text());
        return undefined;
      case "B": {
        // Its portal comes first.
        fields.text();
        const name = fields.text();
        const formats = fields.list(() => fields.int16());
        const values = fields.list((index) => fields.value(formats[index] === binaryFormat));
        return { text: this.#parsed.get(name) ?? "", values, isNamed: name !== "" };
      }
      default:
        return undefined;
    }
  }
}

class FieldReader {
  readonly #message: Buffer;
  #at = typedHeaderBytes;

  constructor(message: Buffer) {
    this.#message = message;
  }

  text(): string {
    const end = this.#message.indexOf(0, this.#at);
    const text = this.#message.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  int16(): number {
    this.#at += 2;
    return this.#message.readInt16BE(this.#at - 2);
  }

  value(isBinary: boolean): SentValue {
    const length = this.#message.readInt32BE(this.#at);
    this.#at += lengthBytes;
    if (length < 0) return null;
    const bytes = this.#message.subarray(this.#at, this.#at + length);
    this.#at += length;
    return isBinary ? Buffer.from(bytes) : bytes.toString("utf8");
  }

  list<T>(read: (index: number) => T): T[] {
    return Array.from({ length: this.int16() }, (_, index) => read(index));
  }
}

export function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`);
  const header = Buffer.alloc(typedHeaderBytes);
  header.write("Q");
  header.writeInt32BE(text.length + lengthBytes, 1);
  return Buffer.concat([header, text]);
}
