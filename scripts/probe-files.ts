/** The folders that the rules speak of. Were one renamed, its rules would go on being kept by nobody. */
export const foldersOfTheRules = [
  "src/domain",
  "src/repositories",
  "src/repositories/in-memory",
  "src/services",
  "src/infrastructure",
  "src/api",
  "src/plans-file",
  "src/config",
  "gen",
  "migrations",
  "test",
  "packages/client/src",
];

/** What the probes import. */
export const stubs = [
  "src/domain/stub.ts",
  "src/repositories/stub.ts",
  "src/repositories/in-memory/stub.ts",
  "src/services/stub.ts",
  "src/infrastructure/stub.ts",
  "src/api/stub.ts",
  "src/plans-file/stub.ts",
  "src/config/stub.ts",
  "src/app.ts",
  "gen/stub.ts",
  "migrations/stub.ts",
  "test/stub.ts",
  "packages/client/src/stub.ts",
  "packages/client/test/stub.ts",
];

/** Each file, what it imports, and the rules that it must be reported for. */
export const probes: readonly (readonly [file: string, imports: readonly string[], ...rules: string[]])[] = [
  ["src/domain/probe-repository.ts", ["../repositories/stub.ts"], "domain-imports-nothing"],
  ["src/domain/probe-builtin.ts", ["node:crypto"], "domain-imports-nothing"],
  ["src/domain/probe-package.ts", ["pino"], "domain-imports-nothing"],
  ["src/domain/probe-sibling.ts", ["./stub.ts"]],

  ["src/repositories/probe-service.ts", ["../services/stub.ts"], "repositories-import-domain-only"],
  ["src/repositories/probe-builtin.ts", ["node:fs"], "repositories-import-domain-only"],
  ["src/repositories/probe-package.ts", ["pino"], "repositories-import-domain-only"],
  ["src/repositories/in-memory/probe-sees-ports.ts", ["../stub.ts", "./stub.ts", "../../domain/stub.ts"]],

  ["src/services/probe-infrastructure.ts", ["../infrastructure/stub.ts"], "services-import-domain-and-ports-only"],
  ["src/services/probe-api.ts", ["../api/stub.ts"], "services-import-domain-and-ports-only"],
  ["src/services/probe-builtin.ts", ["node:crypto"], "services-import-domain-and-ports-only"],
  ["src/services/probe-package.ts", ["pino"], "services-import-domain-and-ports-only"],
  ["src/services/probe-in-memory.ts", ["../repositories/in-memory/stub.ts"], "in-memory-is-for-tests"],
  ["src/services/probe-sees-ports.ts", ["./stub.ts", "../domain/stub.ts", "../repositories/stub.ts"]],

  ["src/infrastructure/probe-service.ts", ["../services/stub.ts"], "infrastructure-serves-ports-only"],
  ["src/infrastructure/probe-api.ts", ["../api/stub.ts"], "infrastructure-serves-ports-only"],
  ["src/infrastructure/probe-app.ts", ["../app.ts"], "infrastructure-serves-ports-only"],
  ["src/infrastructure/probe-gen.ts", ["../../gen/stub.ts"], "gen-stays-at-the-door"],
  ["src/infrastructure/probe-grpc.ts", ["@grpc/grpc-js"], "wire-stays-in-api"],
  [
    "src/services/probe-connect.ts",
    ["@connectrpc/connect"],
    "services-import-domain-and-ports-only",
    "wire-stays-in-api",
  ],
  ["src/infrastructure/probe-undeclared.ts", ["fast-check"], "product-imports-declared-packages"],
  ["src/infrastructure/probe-test.ts", ["../../test/stub.ts"], "product-imports-no-test"],
  [
    "src/infrastructure/probe-sees-storage.ts",
    ["../domain/stub.ts", "../repositories/stub.ts", "../../migrations/stub.ts", "@mikro-orm/core", "pg", "node:fs"],
  ],

  ["src/api/probe-repository.ts", ["../repositories/stub.ts"], "doors-see-services-and-domain-only"],
  ["src/api/probe-infrastructure.ts", ["../infrastructure/stub.ts"], "doors-see-services-and-domain-only"],
  ["src/api/probe-migration.ts", ["../../migrations/stub.ts"], "migrations-belong-to-infrastructure"],
  ["src/api/probe-orm.ts", ["@mikro-orm/postgresql"], "persistence-stays-in-infrastructure"],
  ["src/api/probe-pg.ts", ["pg"], "persistence-stays-in-infrastructure"],
  [
    "src/api/probe-sees-wire.ts",
    [
      "../services/stub.ts",
      "../domain/stub.ts",
      "../../gen/stub.ts",
      "@grpc/grpc-js",
      "@bufbuild/protobuf",
      "node:http2",
    ],
  ],

  ["src/plans-file/probe-repository.ts", ["../repositories/stub.ts"], "doors-see-services-and-domain-only"],
  ["src/plans-file/probe-api.ts", ["../api/stub.ts"], "doors-see-services-and-domain-only"],
  ["src/plans-file/probe-gen.ts", ["../../gen/stub.ts"], "gen-stays-at-the-door"],
  ["src/plans-file/probe-sees-services.ts", ["./stub.ts", "../services/stub.ts", "../domain/stub.ts", "yaml"]],
  ["src/api/probe-app.ts", ["../app.ts"], "doors-see-services-and-domain-only"],
  ["src/services/probe-app.ts", ["../app.ts"], "services-import-domain-and-ports-only"],
  ["src/api/probe-other-door.ts", ["../plans-file/stub.ts"], "doors-see-services-and-domain-only"],

  ["src/config/probe-infrastructure.ts", ["../infrastructure/stub.ts"], "config-only-parses"],
  ["src/config/probe-app.ts", ["../app.ts"], "config-only-parses"],
  ["src/config/probe-sees-values.ts", ["./stub.ts", "../domain/stub.ts", "node:net"]],
  ["src/services/probe-config.ts", ["../config/stub.ts"], "services-import-domain-and-ports-only"],
  ["src/infrastructure/probe-config.ts", ["../config/stub.ts"], "infrastructure-serves-ports-only"],

  [
    "packages/client/src/probe-server.ts",
    ["../../../src/domain/stub.ts"],
    "client-is-published-alone",
    "packages-stand-alone",
  ],
  ["packages/client/src/probe-gen.ts", ["../../../gen/stub.ts"], "client-is-published-alone"],
  ["packages/client/src/probe-builtin.ts", ["node:fs"], "client-is-published-alone"],
  ["packages/client/src/probe-test.ts", ["../test/stub.ts"], "client-is-published-alone", "packages-stand-alone"],
  ["packages/client/src/probe-undeclared.ts", ["fast-check"], "client-imports-declared-packages"],
  ["packages/client/src/probe-sees-itself.ts", ["./stub.ts", "@bufbuild/protobuf"]],
  ["packages/client/test/probe-sees-support.ts", ["../../../test/stub.ts", "../src/stub.ts", "fast-check"]],
  ["packages/console/src/probe-server.ts", ["../../../src/domain/stub.ts"], "packages-stand-alone"],
  ["packages/console/src/probe-sees-client.ts", ["../../client/src/stub.ts", "../../../gen/stub.ts"]],
  ["src/api/probe-package.ts", ["../../packages/client/src/stub.ts"], "service-imports-no-package"],

  ["src/utils/probe-no-layer.ts", ["../domain/stub.ts"], "every-module-has-a-layer"],
  ["src/infrastructure/probe-lost.ts", ["./nowhere.ts"], "imports-resolve"],
  // A cycle is reported once, for one of its members.
  ["src/domain/probe-cycle-back.ts", ["./probe-cycle-there.ts"], "no-cycles"],
  ["src/domain/probe-cycle-there.ts", ["./probe-cycle-back.ts"]],

  [
    "src/main.ts",
    [
      "./api/stub.ts",
      "./infrastructure/stub.ts",
      "./services/stub.ts",
      "./config/stub.ts",
      "../gen/stub.ts",
      "../migrations/stub.ts",
    ],
  ],
  ["src/probe-composition.ts", ["./app.ts", "./infrastructure/stub.ts", "./api/stub.ts", "pino"]],
  ["src/probe-composition-pg.ts", ["pg"], "persistence-stays-in-infrastructure"],
  ["src/app/probe-grpc.ts", ["@grpc/grpc-js"], "wire-stays-in-api"],
  ["src/app/probe-pg.ts", ["pg"], "persistence-stays-in-infrastructure"],
  ["src/app/probe-in-memory.ts", ["../repositories/in-memory/stub.ts"], "in-memory-is-for-tests"],
  ["test/probe-sees-all.ts", ["../src/repositories/in-memory/stub.ts", "../src/main.ts", "fast-check", "pg"]],
];

/** How an import may be written; each must be seen, or a rule could be passed by writing it another way. */
export const importForms: Readonly<Record<string, string>> = {
  value: 'import { a } from "../repositories/stub.ts"; export { a as b };',
  type: 'import type { A } from "../repositories/stub.ts"; export type B = A;',
  "inline-type": 'import { type A } from "../repositories/stub.ts"; export type B = A;',
  reexport: 'export type { A } from "../repositories/stub.ts";',
  "reexport-all": 'export * from "../repositories/stub.ts";',
  "side-effect": 'import "../repositories/stub.ts";',
  dynamic: 'export const b = import("../repositories/stub.ts");',
};

/** Files for the linters, and the rule that each must be reported for. */
export const lintProbes = [
  {
    linter: "oxlint",
    rule: "typescript(no-floating-promises)",
    file: "lint/floating-flush.ts",
    text: 'import type { EntityManager } from "@mikro-orm/postgresql";\nexport function probe(em: EntityManager): void {\n  em.flush();\n}\n',
  },
  {
    linter: "oxlint",
    rule: "typescript(no-floating-promises)",
    file: "lint/floating-transaction.ts",
    text: 'import type { EntityManager } from "@mikro-orm/postgresql";\nexport function probe(em: EntityManager): void {\n  em.transactional(async () => {});\n}\n',
  },
  {
    linter: "oxlint",
    rule: "typescript(no-misused-promises)",
    file: "lint/misused-promise.ts",
    text: "export function probe(values: number[]): void {\n  values.forEach(async () => {});\n}\n",
  },
  {
    linter: "oxlint",
    rule: "typescript(await-thenable)",
    file: "lint/needless-await.ts",
    text: "export async function probe(value: number): Promise<number> {\n  return await value;\n}\n",
  },
  {
    // The cruiser does not see this way of importing, so it is refused.
    linter: "oxlint",
    rule: "typescript(consistent-type-imports)",
    file: "lint/import-type.ts",
    text: 'export type Probe = import("pg").Client;\n',
  },
  {
    linter: "biome",
    rule: "lint/suspicious/noExplicitAny",
    file: "lint/any.ts",
    text: "export const probe: any = 1;\n",
  },
  {
    linter: "biome",
    rule: "lint/style/noNonNullAssertion",
    file: "lint/non-null.ts",
    text: "export const probe = (value: string | undefined): string => value!;\n",
  },
  {
    linter: "biome",
    rule: "lint/style/useImportType",
    file: "lint/import-kind.ts",
    text: 'import { Client } from "pg";\nexport type Probe = Client;\n',
  },
  {
    linter: "biome",
    rule: "lint/suspicious/noConsole",
    file: "lint/console.ts",
    text: 'console.log("probe");\n',
  },
] as const;
