import { describe, expect, it } from "vitest";
import { networkOf } from "../../src/api/network-of.ts";

describe("a peer", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["unknown", "unknown"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:0db8:1:2::9", "2001:db8:1:2"],
    ["2001:db8::9", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["2001:db8:1:2:3:4:5::", "2001:db8:1:2"],
  ])("%s is counted as %s", (peer, network) => {
    expect(networkOf(peer)).toBe(network);
  });
});
