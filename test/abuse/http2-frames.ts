/** HTTP/2 frames as no library would send them (RFC 9113 §4, §6). */

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const frameTypes = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  ping: 0x6,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const flags = { endStream: 0x1, ack: 0x1, endHeaders: 0x4 } as const;

export const settingIds = { initialWindowSize: 0x4 } as const;

export function http2Frame(
  type: keyof typeof frameTypes,
  flag: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(frameTypes[type], 3);
  head.writeUInt8(flag, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Header fields as literals that enter no table (RFC 7541 §6.2.2), each name and value below 127 bytes or as a long text. */
export function headerBlock(fields: Readonly<Record<string, string>> | readonly (readonly [string, string])[]): Buffer {
  const pairs = Array.isArray(fields) ? fields : Object.entries(fields);
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text);
  const prefix = 0x7f;
  if (bytes.length < prefix) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [prefix];
  let rest = bytes.length - prefix;
  for (; rest >= 0x80; rest >>= 7) length.push((rest & 0x7f) | 0x80);
  length.push(rest);
  return Buffer.concat([Buffer.from(length), bytes]);
}

export function settings(values: Readonly<Partial<Record<keyof typeof settingIds, number>>>): Buffer {
  const payload = Buffer.concat(
    Object.entries(values).map(([name, value]) => {
      const entry = Buffer.alloc(6);
      entry.writeUInt16BE(settingIds[name as keyof typeof settingIds]);
      entry.writeUInt32BE(value, 2);
      return entry;
    }),
  );
  return http2Frame("settings", 0, 0, payload);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function grpcHeaders(port: number, path: string, more: Readonly<Record<string, string>> = {}): Buffer {
  return headerBlock({
    ":method": "POST",
    ":scheme": "http",
    ":path": path,
    ":authority": `127.0.0.1:${port}`,
    "content-type": "application/grpc",
    te: "trailers",
    ...more,
  });
}
