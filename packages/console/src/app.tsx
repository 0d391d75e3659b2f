import type { ReactNode } from "react";
import { FailurePanel } from "./components/failure-panel.tsx";
import { PlaceLink } from "./components/links.tsx";
import { Shell } from "./components/shell.tsx";
import { EmptyState, Skeleton } from "./components/states.tsx";
import { ZoneProvider } from "./components/time-zones.tsx";
import { ChangesPage } from "./pages/changes-page.tsx";
import { EventsPage } from "./pages/events-page.tsx";
import { OverviewPage } from "./pages/overview-page.tsx";
import { RecordsPage } from "./pages/records-page.tsx";
import { TenantPage } from "./pages/tenant-page.tsx";
import { usePlace } from "./routing/location.ts";
import type { RouteName } from "./routing/routes.ts";
import { SessionProvider, useSession } from "./session/session.tsx";
import { SignInPage } from "./session/sign-in-page.tsx";

export function App() {
  return (
    <SessionProvider>
      <ZoneProvider>
        <Gate />
      </ZoneProvider>
    </SessionProvider>
  );
}

/** Shows the pages to those who may see them. The address stays, so that a link opens its view after signing in. */
function Gate() {
  const { state, probe } = useSession();
  switch (state.kind) {
    case "probing":
      return (
        <main className="gate">
          <Skeleton lines={4} />
        </main>
      );
    case "unreachable":
      return (
        <main className="gate">
          <h1>Quota console</h1>
          <FailurePanel failure={state.failure} onRetry={probe} />
        </main>
      );
    case "signed-out":
      return <SignInPage notice={state.notice} />;
    case "open":
    case "signed-in":
      return (
        <Shell>
          <CurrentPage />
        </Shell>
      );
  }
}

const pages: Readonly<Record<RouteName, () => ReactNode>> = {
  overview: OverviewPage,
  records: RecordsPage,
  events: EventsPage,
  tenant: TenantPage,
  changes: ChangesPage,
};

function CurrentPage() {
  const { route } = usePlace();
  if (route === undefined) return <MissingPage />;
  const Page = pages[route];
  return <Page />;
}

function MissingPage() {
  return (
    <>
      <h1>No such page</h1>
      <EmptyState title="The address names no page of the console.">
        Begin at the <PlaceLink to="overview">overview</PlaceLink>.
      </EmptyState>
    </>
  );
}
