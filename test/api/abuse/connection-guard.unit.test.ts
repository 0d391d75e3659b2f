import { constants } from "node:http2";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connectionBounds } from "../../../src/api/abuse/connection-bounds.ts";
import { connectionName } from "../../../src/api/abuse/connection-name.ts";
import { DoorBounds, defaultDoorBounds } from "../../../src/api/abuse/door-bounds.ts";
import { FakeDoor } from "./fake-connections.ts";

const { idleBytesPerSecondMax, bytesPerCall, streamsMax, requestMaxMs, stallMaxMs, strikes, faults } = connectionBounds;
const second = 1_000;

let bounds: DoorBounds;
let door: FakeDoor;

beforeEach(() => {
  vi.useFakeTimers();
  bounds = new DoorBounds({ debug: () => undefined, error: () => undefined });
  door = new FakeDoor(bounds.connections);
});

afterEach(() => {
  bounds.connections.stop();
  vi.useRealTimers();
});

describe("bytes", () => {
  it("of a connection of HTTP/1.1 are not compared with calls, of which it shows none", () => {
    const [old, fresh] = [door.connect("10.0.0.1"), door.connectHttp2("10.0.0.2")];
    for (const { socket } of [old, fresh]) socket.bytesRead += 10 * idleBytesPerSecondMax;
    vi.advanceTimersByTime(second);
    expect([old.isOpen, fresh.isOpen]).toEqual([true, false]);
  });

  it("of a call are allowed once, however long it is open", () => {
    const connection = door.connectHttp2("10.0.0.1");
    for (let call = 0; call < 100; call += 1) connection.begin();
    connection.socket.bytesRead += 100 * bytesPerCall;
    vi.advanceTimersByTime(second);
    expect(connection.isOpen).toBe(true);
    connection.socket.bytesRead += 4 * idleBytesPerSecondMax;
    vi.advanceTimersByTime(second);
    expect(connection.isOpen).toBe(false);
  });

  it("of a call may come a while after it was begun", () => {
    const connection = door.connectHttp2("10.0.0.1");
    for (let call = 0; call < 100; call += 1) connection.begin();
    vi.advanceTimersByTime(5 * second);
    connection.socket.bytesRead += 100 * bytesPerCall;
    vi.advanceTimersByTime(second);
    expect(connection.isOpen).toBe(true);
  });

  it("of calls that have ended are no savings", () => {
    const connection = door.connectHttp2("10.0.0.1");
    for (let call = 0; call < 1_000; call += 1) connection.begin().endRequest().close();
    vi.advanceTimersByTime(2 * second);
    connection.socket.bytesRead += 3 * idleBytesPerSecondMax;
    vi.advanceTimersByTime(second);
    expect(connection.isOpen).toBe(false);
  });
});

describe("calls in flight beyond the bound of all", () => {
  const perConnection = 8;

  it("cost the network that has the most of them its connections, not the neighbour who has the most on one", () => {
    const crowd = Array.from({ length: streamsMax / perConnection - 2 }, () => door.connectHttp2("10.0.0.1"));
    for (const connection of crowd) for (let n = 0; n < perConnection; n += 1) connection.begin();
    const busy = door.connectHttp2("10.0.0.2");
    for (let n = 0; n < 500; n += 1) busy.begin();
    expect(busy.isOpen).toBe(true);
    // Those that were over, in whole connections, and no more.
    expect(crowd.filter(({ isOpen }) => !isOpen)).toHaveLength(Math.ceil(500 / perConnection) - 2);
  });

  it("lock nobody out: to have the most may be honest", () => {
    const connections = Array.from({ length: 40 }, () => door.connectHttp2("10.0.0.1"));
    for (const connection of connections) for (let n = 0; n < 1_024; n += 1) connection.begin();
    expect(connections.filter(({ isOpen }) => !isOpen)).toHaveLength(40 - streamsMax / 1_024);
    expect(door.connectHttp2("10.0.0.1").isOpen).toBe(true);
  });
});

describe("a request that does not end", () => {
  it("is given up after a while, unless it is answered already", () => {
    const connection = door.connectHttp2("10.0.0.1");
    const [half, whole, answered] = [connection.begin(), connection.begin(), connection.begin()];
    whole.endRequest();
    answered.headersSent = true;
    vi.advanceTimersByTime(requestMaxMs - second);
    const late = connection.begin();
    expect(half.closedWith).toBeUndefined();
    vi.advanceTimersByTime(second);
    expect(half.closedWith).toBe(constants.NGHTTP2_CANCEL);
    for (const stream of [whole, answered, late]) expect(stream.closedWith).toBeUndefined();
    expect(connection.isOpen).toBe(true);
  });
});

describe("a connection from one port to both doors", () => {
  it("does not hide the other from the guard", () => {
    const other = new FakeDoor(bounds.connections, 8_080);
    const first = door.connectHttp2("10.0.0.1", 4_000);
    const last = other.connectHttp2("10.0.0.1", 4_000);
    last.socket.end();
    first.socket.bytesRead += 10 * idleBytesPerSecondMax;
    vi.advanceTimersByTime(second);
    expect(first.isOpen).toBe(false);
  });

  it("answers for its own calls only", () => {
    const other = new FakeDoor(bounds.connections, 8_080);
    const [first, last] = [door.connectHttp2("10.0.0.1", 4_000), other.connectHttp2("10.0.0.1", 4_000)];
    for (let fault = 0; fault <= faults.burst; fault += 1) bounds.connections.fault(connectionName(first.socket));
    expect([first.isOpen, last.isOpen]).toEqual([false, true]);
  });

  it("that came anew before its predecessor reported its end is known on", () => {
    const [old, anew] = [door.connectHttp2("10.0.0.1", 4_000), door.connectHttp2("10.0.0.1", 4_000)];
    old.socket.end();
    for (let fault = 0; fault <= faults.burst; fault += 1) bounds.connections.fault(connectionName(anew.socket));
    expect(anew.isOpen).toBe(false);
  });
});

describe("addresses of one IPv6 network", () => {
  it("share its part of the connections", () => {
    const half = defaultDoorBounds.connectionsMax * connectionBounds.networkShareMax;
    const open = Array.from({ length: half + 10 }, (_, n) => door.connect(`2001:db8:1:2::${n.toString(16)}`));
    expect(open.filter(({ isOpen }) => isOpen)).toHaveLength(half);
    expect(door.connect("2001:db8:1:3::1").isOpen).toBe(true);
  });

  it("share its strikes", () => {
    for (let strike = 0; strike < strikes.burst; strike += 1) {
      const { socket } = door.connectHttp2(`2001:db8:1:2::${strike}`);
      for (let fault = 0; fault <= faults.burst; fault += 1) bounds.connections.fault(connectionName(socket));
    }
    expect(door.connect("2001:db8:1:2::ffff").isOpen).toBe(false);
    expect(door.connect("2001:db8:1:3::1").isOpen).toBe(true);
  });
});

describe("answers that are not read", () => {
  const pingBytes = 17;

  function pass(seconds: number, each: (at: number) => void): void {
    for (let at = 0; at < seconds; at += 1) {
      each(at);
      vi.advanceTimersByTime(second);
    }
  }

  it("close their connection after a while, whatever else is written on it", () => {
    const connection = door.connectHttp2("10.0.0.1");
    bounds.unsent.add(connectionName(connection.socket), 1_000_000);
    pass(stallMaxMs / second + 1, () => {
      connection.socket.bytesRead += 10_000 * pingBytes;
      connection.socket.bytesWritten += 10_000 * pingBytes;
    });
    expect(connection.isOpen).toBe(false);
  });

  it("are left to a reader that is slow, and to one that takes one now and then", () => {
    const [slow, fitful] = [door.connectHttp2("10.0.0.1"), door.connectHttp2("10.0.0.2")];
    const taken: (() => void)[] = [];
    for (const { socket } of [slow, fitful]) {
      for (let page = 0; page < 8; page += 1) taken.push(bounds.unsent.add(connectionName(socket), 1_000_000));
    }
    pass(120, (at) => {
      slow.socket.bytesWritten += 3_000;
      if (at % 20 === 19) taken.pop()?.();
    });
    expect([slow.isOpen, fitful.isOpen]).toEqual([true, true]);
  });
});
