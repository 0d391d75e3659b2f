import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { TransportProvider } from "@connectrpc/connect-query";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { AdminService } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { type Failure, failureOf, isUnauthenticated, isWorthRetrying } from "../api/failure.ts";
import { createTransport } from "../api/transport.ts";

/**
 * Who is signed in. The credential lives in this page's memory and nowhere else: closing or reloading the page signs out, and
 * no other page, extension storage or backup ever holds it.
 */
export type SessionState =
  | { readonly kind: "probing" }
  /** The service asks for no credential. */
  | { readonly kind: "open" }
  | { readonly kind: "signed-out"; readonly notice?: string }
  | { readonly kind: "signed-in"; readonly credential: string }
  | { readonly kind: "unreachable"; readonly failure: Failure };

export interface Session {
  readonly state: SessionState;
  /** Tries the credential; what it resolves with is the complaint about it, or undefined when it is good. */
  readonly signIn: (credential: string) => Promise<Failure | undefined>;
  readonly signOut: () => void;
  /** Asks again whether the service can be reached and wants a credential. */
  readonly probe: () => void;
}

const SessionContext = createContext<Session | undefined>(undefined);

/** How long an answer is taken for fresh when a page is opened again. */
const freshMs = 15_000;
const retriesMax = 2;

/** A read that needs the role of the console and costs the service one look at an index. */
async function probeAccess(credential: string | undefined): Promise<void> {
  const admin = createClient(AdminService, createTransport(window.location.origin, credential));
  await admin.listChanges({ pageSize: 1 });
}

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ kind: "probing" });

  const probe = useCallback(() => {
    setState({ kind: "probing" });
    probeAccess(undefined).then(
      () => setState({ kind: "open" }),
      (thrown: unknown) =>
        setState(
          isUnauthenticated(thrown) ? { kind: "signed-out" } : { kind: "unreachable", failure: failureOf(thrown) },
        ),
    );
  }, []);
  useEffect(probe, [probe]);

  const signIn = useCallback(async (credential: string) => {
    try {
      await probeAccess(credential);
      setState({ kind: "signed-in", credential });
      return undefined;
    } catch (thrown) {
      return signInFailureOf(thrown);
    }
  }, []);

  const signOut = useCallback(() => setState({ kind: "signed-out" }), []);
  const credential = state.kind === "signed-in" ? state.credential : undefined;

  const transport = useMemo(() => createTransport(window.location.origin, credential), [credential]);
  // One cache a credential: nothing that one was shown is ever shown to the next.
  const queryClient = useMemo(() => {
    const expire = (thrown: unknown) => {
      if (credential === undefined || !isUnauthenticated(thrown)) return;
      setState({
        kind: "signed-out",
        notice: "The key or token has expired or was revoked. Sign in again; the view is kept.",
      });
    };
    return createQueryClient(expire);
  }, [credential]);
  useEffect(() => () => queryClient.clear(), [queryClient]);

  const session = useMemo<Session>(() => ({ state, signIn, signOut, probe }), [state, signIn, signOut, probe]);
  return (
    <SessionContext value={session}>
      <TransportProvider transport={transport}>
        <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
      </TransportProvider>
    </SessionContext>
  );
}

function createQueryClient(onError: (thrown: unknown) => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: freshMs,
        retry: (failures, thrown) => failures < retriesMax && isWorthRetrying(thrown),
        // A service that is down is shown as such; waiting for the browser to believe in its network again is not.
        networkMode: "always",
      },
    },
  });
}

function signInFailureOf(thrown: unknown): Failure {
  const failure = failureOf(thrown);
  const { code } = ConnectError.from(thrown);
  if (code === Code.Unauthenticated) return { ...failure, title: "The service does not accept this key or token" };
  if (code === Code.PermissionDenied) {
    return {
      ...failure,
      title: "This credential may not use the console",
      message: `It is valid, but its role is not the one that reads across tenants. Ask for a key with the role AUDITOR. ${failure.message}`,
    };
  }
  return failure;
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error("useSession needs a SessionProvider around it");
  return session;
}
