import { constants, type ServerHttp2Stream } from "node:http2";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { connectionBounds } from "../../../src/api/abuse/connection-bounds.ts";
import { type OpenRequest, OpenRequests } from "../../../src/api/abuse/open-requests.ts";

const { requestMaxMs } = connectionBounds;

function streamIn(state: number, headersSent = false) {
  const close = vi.fn();
  return { close, stream: { state: { state }, headersSent, close } as unknown as ServerHttp2Stream };
}

const open = constants.NGHTTP2_STREAM_STATE_OPEN;

test("ends those that are overdue and incomplete, once, and no other", () => {
  const requests = new OpenRequests();
  const overdue = streamIn(open);
  const complete = streamIn(constants.NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE);
  const answered = streamIn(open, true);
  const young = streamIn(open);
  for (const { stream } of [overdue, complete, answered]) requests.add(stream, 0);
  requests.add(young.stream, 1);
  requests.endOverdue(requestMaxMs - 1);
  expect(overdue.close).not.toHaveBeenCalled();
  requests.endOverdue(requestMaxMs);
  requests.endOverdue(requestMaxMs);
  expect(overdue.close).toHaveBeenCalledExactlyOnceWith(constants.NGHTTP2_CANCEL);
  for (const { close } of [complete, answered, young]) expect(close).not.toHaveBeenCalled();
});

test("forgets those that have ended, in whatever order and however often they are said to have", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 11 }), { maxLength: 30 }), fc.integer({ min: 1, max: 12 }), (ended, count) => {
      const requests = new OpenRequests();
      const streams = Array.from({ length: count }, () => streamIn(open));
      const added: OpenRequest[] = streams.map(({ stream }, index) => requests.add(stream, index));
      const gone = new Set(ended.filter((index) => index < count));
      for (const index of ended) {
        const request = added[index];
        if (request !== undefined) requests.ended(request);
      }
      const late = streamIn(open);
      requests.add(late.stream, count);
      requests.endOverdue(requestMaxMs + count);
      expect(late.close).toHaveBeenCalledOnce();
      for (const [index, { close }] of streams.entries()) {
        expect(close).toHaveBeenCalledTimes(gone.has(index) ? 0 : 1);
      }
      for (const request of added)
        expect([request.stream, request.earlier, request.later]).toEqual([undefined, undefined, undefined]);
    }),
  );
});
