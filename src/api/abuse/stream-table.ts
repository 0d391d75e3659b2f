import type { Http2Session, ServerHttp2Stream } from "node:http2";
import { types } from "node:util";

/** Few enough for every connection to have them, and many enough for a busy one's calls to stand nearly alone. */
const bucketCount = 128;

interface Entry {
  readonly id: number;
  stream: ServerHttp2Stream;
  next: Entry | undefined;
}

/**
 * The open streams of an HTTP/2 session by their id, as Node asks for them: a Map that keeps its buckets for good.
 *
 * V8's own (OrderedHashMap) begins a new table every few dozen calls and leaves in the old one where the new one is. Once a single
 * table has been promoted to V8's old generation it keeps the next one from dying young, which keeps the next: every
 * table and every call in them stays until the whole heap is collected, for which all calls wait some hundred milliseconds.
 *
 * Ids are the client's choice, so it can have all its calls in one bucket. It may have a thousand, and going through them takes
 * some microseconds of each.
 */
export class StreamTable implements Map<number, ServerHttp2Stream> {
  readonly [Symbol.toStringTag] = "StreamTable";
  readonly #buckets: (Entry | undefined)[] = new Array<Entry | undefined>(bucketCount).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): ServerHttp2Stream | undefined {
    return this.#find(id)?.stream;
  }

  has(id: number): boolean {
    return this.#find(id) !== undefined;
  }

  set(id: number, stream: ServerHttp2Stream): this {
    const found = this.#find(id);
    if (found !== undefined) {
      found.stream = stream;
      return this;
    }
    const bucket = bucketOf(id);
    this.#buckets[bucket] = { id, stream, next: this.#buckets[bucket] };
    this.#size += 1;
    return this;
  }

  getOrInsert(id: number, stream: ServerHttp2Stream): ServerHttp2Stream {
    return this.getOrInsertComputed(id, () => stream);
  }

  getOrInsertComputed(id: number, make: (id: number) => ServerHttp2Stream): ServerHttp2Stream {
    const found = this.get(id);
    if (found !== undefined) return found;
    const made = make(id);
    this.set(id, made);
    return made;
  }

  delete(id: number): boolean {
    const bucket = bucketOf(id);
    let before: Entry | undefined;
    for (let entry = this.#buckets[bucket]; entry !== undefined; entry = entry.next) {
      if (entry.id === id) {
        if (before === undefined) this.#buckets[bucket] = entry.next;
        else before.next = entry.next;
        // An entry that has grown old must not keep those behind it either.
        entry.next = undefined;
        this.#size -= 1;
        return true;
      }
      before = entry;
    }
    return false;
  }

  clear(): void {
    this.#buckets.fill(undefined);
    this.#size = 0;
  }

  forEach(callback: (stream: ServerHttp2Stream, id: number, table: Map<number, ServerHttp2Stream>) => void): void {
    for (const [id, stream] of this.entries()) callback(stream, id, this);
  }

  /** What is deleted meanwhile is left out, as a Map would; what is added meanwhile, too. */
  *entries(): MapIterator<[number, ServerHttp2Stream]> {
    for (const entry of this.#all()) if (this.#find(entry.id) === entry) yield [entry.id, entry.stream];
  }

  *keys(): MapIterator<number> {
    for (const [id] of this.entries()) yield id;
  }

  *values(): MapIterator<ServerHttp2Stream> {
    for (const [, stream] of this.entries()) yield stream;
  }

  [Symbol.iterator](): MapIterator<[number, ServerHttp2Stream]> {
    return this.entries();
  }

  #all(): Entry[] {
    const all: Entry[] = [];
    for (const first of this.#buckets) for (let entry = first; entry !== undefined; entry = entry.next) all.push(entry);
    return all;
  }

  #find(id: number): Entry | undefined {
    let entry = this.#buckets[bucketOf(id)];
    while (entry !== undefined && entry.id !== id) entry = entry.next;
    return entry;
  }
}

/** Those of a client are odd. */
function bucketOf(id: number): number {
  return (id >>> 1) % bucketCount;
}

interface SessionState {
  streams?: unknown;
}

/**
 * Has a session that has no streams yet keep them in such a table. Where a version of Node keeps them elsewhere, nothing is
 * changed: calls are answered as they were, with the pauses. Tests tell, and also should Node no longer ask the Map it finds there.
 *
 * @returns whether it was done
 */
export function keepStreamsInTable(session: Http2Session): boolean {
  const state = stateOf(session);
  if (state === undefined || !types.isMap(state.streams) || state.streams.size > 0) return false;
  state.streams = new StreamTable();
  return true;
}

/** Node names no way to it. */
function stateOf(session: Http2Session): SessionState | undefined {
  const name = Object.getOwnPropertySymbols(session).find(({ description }) => description === "state");
  const state: unknown = name === undefined ? undefined : Reflect.get(session, name);
  return typeof state === "object" && state !== null ? state : undefined;
}
