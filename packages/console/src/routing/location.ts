import { type MouseEvent, useCallback, useMemo, useSyncExternalStore } from "react";
import { addressOf, type Parameters, type RouteName, routeAt } from "./routes.ts";

export const basePath = import.meta.env.BASE_URL;

/** Fired on the window when the console itself changed the address; `popstate` tells of the browser's buttons only. */
const navigationEvent = "console:navigation";

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(navigationEvent, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(navigationEvent, listener);
  };
}

function currentAddress(): string {
  return window.location.pathname + window.location.search;
}

/** Goes to another address of the console. Replacing leaves no entry for the browser's back button. */
export function navigate(address: string, { isReplacing = false } = {}): void {
  if (address === currentAddress()) return;
  const pathname = window.location.pathname;
  if (isReplacing) window.history.replaceState(null, "", address);
  else window.history.pushState(null, "", address);
  window.dispatchEvent(new Event(navigationEvent));
  // Another page begins at its top; another filter of the same page leaves the eye where it is.
  if (window.location.pathname !== pathname) window.scrollTo(0, 0);
}

export interface Place {
  /** Undefined where the address names no page. */
  readonly route: RouteName | undefined;
  readonly parameters: Parameters;
}

/** Where the address bar says we are. */
export function usePlace(): Place {
  const address = useSyncExternalStore(subscribe, currentAddress);
  return useMemo(() => {
    const url = new URL(address, window.location.origin);
    return { route: routeAt(url.pathname, basePath), parameters: Object.fromEntries(url.searchParams) };
  }, [address]);
}

export type ChangeParameters = (changes: Parameters) => void;

/** The parameters in the address bar, and a function that changes some of them and keeps the others. */
export function useParameters(): readonly [Parameters, ChangeParameters] {
  const { route, parameters } = usePlace();
  const change = useCallback<ChangeParameters>(
    (changes) => navigate(addressOf(route ?? "overview", { ...parameters, ...changes }, basePath)),
    [route, parameters],
  );
  return [parameters, change];
}

/** What makes an ordinary link navigate without loading the console again; clicks that mean a new tab stay what they are. */
export function followInPlace(event: MouseEvent<HTMLAnchorElement>): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(event.currentTarget.pathname + event.currentTarget.search);
}
