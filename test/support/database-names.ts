/** The migrated database that test databases are copied from. */
export const templateDatabase = "quota_test_template";

/** The same login on another database; one whose name lacks `test` is refused, whatever a test was given by mistake. */
export function onDatabase(url: string, database: string): string {
  if (!database.includes("test")) throw new Error(`tests do not touch database ${database}`);
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
