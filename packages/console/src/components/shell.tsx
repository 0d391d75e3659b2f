import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { validateUuid } from "../api/bounds.ts";
import { basePath, navigate, usePlace } from "../routing/location.ts";
import { addressOf, type RouteName } from "../routing/routes.ts";
import { useSession } from "../session/session.tsx";
import { chooseTheme, storedTheme, type Theme, themes } from "../theme.ts";
import { Icon, type IconName, Logo } from "./icon.tsx";
import { PlaceLink } from "./links.tsx";
import { useZoneMode, zoneModeNames, zoneModes } from "./time-zones.tsx";

const sections: readonly { readonly route: RouteName; readonly label: string; readonly icon: IconName }[] = [
  { route: "overview", label: "Overview", icon: "overview" },
  { route: "records", label: "Usage records", icon: "records" },
  { route: "events", label: "Usage events", icon: "events" },
  { route: "tenant", label: "Tenant", icon: "tenant" },
  { route: "changes", label: "Changes", icon: "changes" },
];

/** What surrounds every page. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { route, parameters } = usePlace();
  useFilterShortcut();
  return (
    <div className="shell">
      <a className="skip-link" href="#content">
        Skip to content
      </a>
      <header className="top">
        <PlaceLink to="overview" className="brand">
          <Logo /> Quota console
        </PlaceLink>
        <GoToTenant key={route === "tenant" ? (parameters["id"] ?? "") : ""} />
        <div className="top-tools">
          <ZoneToggle />
          <ThemeToggle />
          <SignOut />
        </div>
      </header>
      <nav className="side" aria-label="Pages of the console">
        <div className="side-inner">
          <ul>
            {sections.map((section) => (
              <li key={section.route}>
                <PlaceLink to={section.route} className="side-link" isCurrent={route === section.route}>
                  <Icon name={section.icon} /> {section.label}
                </PlaceLink>
              </li>
            ))}
          </ul>
          <p className="side-note">Read-only. Nothing here changes a plan, a subscription or a counter.</p>
        </div>
      </nav>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** `/` goes to the first filter of the page, or to the tenant box where there is none, as in other tools of this kind. */
function useFilterShortcut(): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const field = document.querySelector<HTMLElement>("[data-filter]") ?? document.getElementById("go-to-tenant");
      if (field === null) return;
      event.preventDefault();
      field.focus();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}

function GoToTenant() {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const tenantId = text.trim().toLowerCase();
    const complaint = validateUuid(tenantId);
    setProblem(complaint);
    if (complaint !== undefined) return;
    setText("");
    navigate(addressOf("tenant", { id: tenantId }, basePath));
  };
  return (
    <search className="go-to">
      <form onSubmit={submit}>
        <label className="visually-hidden" htmlFor="go-to-tenant">
          Go to tenant
        </label>
        <Icon name="search" />
        <input
          id="go-to-tenant"
          type="text"
          spellCheck={false}
          autoComplete="off"
          placeholder="Go to tenant by its UUID"
          value={text}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : "go-to-problem"}
          onChange={(event) => {
            setText(event.target.value);
            setProblem(undefined);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            setText("");
            setProblem(undefined);
          }}
        />
      </form>
      {problem === undefined ? null : (
        <span id="go-to-problem" className="field-problem go-to-problem" role="alert">
          {problem}
        </span>
      )}
    </search>
  );
}

function ZoneToggle() {
  const { mode, choose } = useZoneMode();
  return (
    <fieldset className="segments">
      <legend>Times in</legend>
      {zoneModes.map((candidate) => (
        <label key={candidate} className="segment">
          <input
            type="radio"
            name="zone"
            value={candidate}
            checked={mode === candidate}
            onChange={() => choose(candidate)}
          />
          <span>{zoneModeNames[candidate]}</span>
        </label>
      ))}
    </fieldset>
  );
}

const themeIcons: Readonly<Record<Theme, IconName>> = { system: "screen", light: "sun", dark: "moon" };

function ThemeToggle() {
  const [theme, setTheme] = useState(storedTheme);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
  return (
    <button
      type="button"
      className="button button-icon"
      title={`Theme: ${theme}. Change to ${next}.`}
      aria-label={`Theme: ${theme}. Change to ${next}.`}
      onClick={() => {
        chooseTheme(next);
        setTheme(next);
      }}
    >
      <Icon name={themeIcons[theme]} />
    </button>
  );
}

function SignOut() {
  const { state, signOut } = useSession();
  if (state.kind !== "signed-in") return null;
  return (
    <button type="button" className="button" onClick={signOut}>
      <Icon name="signOut" /> Sign out
    </button>
  );
}
