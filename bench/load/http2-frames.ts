/** What is needed of HTTP/2's frame layer (RFC 9113 §4.1, §6). */

export const frameHeaderBytes = 9;

export const frameType = {
  data: 0x0,
  headers: 0x1,
  resetStream: 0x3,
  settings: 0x4,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
} as const;

export const frameFlag = { endStream: 0x1, acknowledgement: 0x1, endHeaders: 0x4 } as const;

export const connectionPreface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** The largest flow-control window there is. */
export const windowMax = 2 ** 31 - 1;
export const windowDefault = 65_535;

const setting = { enablePush: 0x2, initialWindowSize: 0x4 } as const;

export function writeFrameHeader(
  target: Buffer,
  offset: number,
  payloadBytes: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  target.writeUIntBE(payloadBytes, offset, 3);
  target[offset + 3] = type;
  target[offset + 4] = flags;
  target.writeUInt32BE(streamId, offset + 5);
  return offset + frameHeaderBytes;
}

export function frame(type: number, flags: number, payload: Buffer): Buffer {
  const whole = Buffer.alloc(frameHeaderBytes + payload.length);
  payload.copy(whole, writeFrameHeader(whole, 0, payload.length, type, flags, 0));
  return whole;
}

/** No push, and windows so large that no answer ever waits for us. */
export function clientSettings(): Buffer {
  const payload = Buffer.alloc(12);
  payload.writeUInt16BE(setting.enablePush, 0);
  payload.writeUInt32BE(0, 2);
  payload.writeUInt16BE(setting.initialWindowSize, 6);
  payload.writeUInt32BE(windowMax, 8);
  return frame(frameType.settings, 0, payload);
}

export function connectionWindowUpdate(increment: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(increment);
  return frame(frameType.windowUpdate, 0, payload);
}
