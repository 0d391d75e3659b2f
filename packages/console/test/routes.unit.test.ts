import { describe, expect, it } from "vitest";
import { addressOf, routeAt } from "../src/routing/routes.ts";

describe("addresses", () => {
  it.each([
    ["/console/", "overview"],
    ["/console", "overview"],
    ["/console/records", "records"],
    ["/console/events/", "events"],
    ["/console/nowhere", undefined],
    ["/elsewhere", undefined],
  ])("of %s lead to the page %s", (pathname, route) => {
    expect(routeAt(pathname, "/console/")).toBe(route);
  });

  it("hold what is given, in the order of the names, and nothing that is not", () => {
    const parameters = { tenant: "x y", metric: "api_calls", page: undefined, order: "" };
    expect(addressOf("records", parameters, "/console/")).toBe("/console/records?metric=api_calls&tenant=x+y");
    expect(addressOf("overview", {}, "/console/")).toBe("/console/");
  });
});
