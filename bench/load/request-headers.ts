/**
 * The header block of a gRPC request, encoded once (HPACK, RFC 7541). The first block on a connection puts every field
 * into the server's table; all later ones are an index each, as any client library's are.
 */
export interface RequestHeaders {
  readonly first: Buffer;
  readonly following: Buffer;
}

interface Field {
  /** Of the static table (RFC 7541, appendix A); absent: the name is spelled out. */
  readonly nameIndex?: number;
  readonly name: string;
  readonly value: string;
}

/** In the static table with name and value. */
const methodPost = 0x83;
const schemeHttp = 0x86;

/** The first index of the dynamic table, which the newest entry has. */
const dynamicIndexMin = 62;

/** What `@grpc/grpc-js` sends, so that the server has to read what a real client would have it read. */
export function requestHeaders(authority: string, path: string): RequestHeaders {
  const fields: readonly Field[] = [
    { nameIndex: 4, name: ":path", value: path },
    { nameIndex: 1, name: ":authority", value: authority },
    { nameIndex: 31, name: "content-type", value: "application/grpc" },
    { name: "te", value: "trailers" },
    { nameIndex: 58, name: "user-agent", value: "grpc-node-js/1.14.7" },
    { name: "grpc-accept-encoding", value: "identity,deflate,gzip" },
    { nameIndex: 16, name: "accept-encoding", value: "identity" },
  ];
  return {
    first: Buffer.concat([Buffer.of(methodPost, schemeHttp), ...fields.map(literalWithIndexing)]),
    following: Buffer.of(
      methodPost,
      schemeHttp,
      ...fields.map((_field, index) => 0x80 | (dynamicIndexMin + fields.length - 1 - index)),
    ),
  };
}

function literalWithIndexing({ nameIndex, name, value }: Field): Buffer {
  const head = nameIndex === undefined ? Buffer.concat([Buffer.of(0x40), text(name)]) : Buffer.of(0x40 | nameIndex);
  return Buffer.concat([head, text(value)]);
}

/** Not Huffman-coded, and short enough that its length is one byte. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  if (bytes.length > 126) throw new Error(`the header value ${value} is too long for this encoder`);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}
