/** Line icons on a grid of 16, in the colour of the text. They repeat what the words beside them say. */
const paths = {
  overview: "M2 9h3v5H2zM6.5 5h3v9h-3zM11 2h3v12h-3z",
  records: "M2 3h12v10H2zM2 6.5h12M2 10h12M6 3v10",
  events: "M2 8h3l2-5 3 10 2-5h2",
  tenant: "M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8zM2.5 14a5.5 5.5 0 0 1 11 0",
  changes: "M8 2v6l3.5 2M14 8A6 6 0 1 1 8 2",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14",
  refresh: "M13.5 8A5.5 5.5 0 1 1 11.6 3.8M11.6 1v3h-3",
  download: "M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11",
  chevron: "M6 3.5 10.5 8 6 12.5",
  alert: "M8 2 1.5 13.5h13zM8 6.5v3.5M8 12v.01",
  check: "M3 8.5 6.5 12 13 4.5",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  moon: "M13.5 9.5A6 6 0 1 1 6.5 2.5a5 5 0 0 0 7 7z",
  screen: "M1.5 3h13v8h-13zM5.5 14h5M8 11v3",
  signOut: "M6 2H2.5v12H6M10.5 5 13.5 8l-3 3M13.5 8H6",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect className="logo-ground" width="32" height="32" rx="7" />
      <rect className="logo-track" x="7" y="8" width="18" height="4" rx="2" />
      <rect className="logo-bar" x="7" y="8" width="15" height="4" rx="2" />
      <rect className="logo-track" x="7" y="14" width="18" height="4" rx="2" />
      <rect className="logo-bar" x="7" y="14" width="9" height="4" rx="2" />
      <rect className="logo-full" x="7" y="20" width="18" height="4" rx="2" />
    </svg>
  );
}
