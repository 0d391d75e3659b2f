/** The pages, by the part of the address after the console's own. */
export const routes = {
  overview: "",
  records: "records",
  events: "events",
  tenant: "tenant",
  changes: "changes",
} as const;

export type RouteName = keyof typeof routes;

/** Filters and the like, as they stand in the address. A name without a text is left out of it. */
export type Parameters = Readonly<Record<string, string | undefined>>;

/**
 * Which page an address shows.
 *
 * @param basePath with a slash at both ends
 * @returns undefined where there is none
 */
export function routeAt(pathname: string, basePath: string): RouteName | undefined {
  if (`${pathname}/` === basePath) return "overview";
  if (!pathname.startsWith(basePath)) return undefined;
  const rest = pathname.slice(basePath.length).replace(/\/$/, "");
  return (Object.keys(routes) as RouteName[]).find((name) => routes[name] === rest);
}

/** The address of a page. Parameters come in the order of their names, so that equal views have equal addresses. */
export function addressOf(route: RouteName, parameters: Parameters, basePath: string): string {
  const search = new URLSearchParams();
  for (const name of Object.keys(parameters).sort((a, b) => (a < b ? -1 : 1))) {
    const text = parameters[name];
    if (text !== undefined && text !== "") search.set(name, text);
  }
  const query = search.toString();
  return `${basePath}${routes[route]}${query === "" ? "" : `?${query}`}`;
}
