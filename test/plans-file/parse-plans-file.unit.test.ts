import { describe, expect, test } from "vitest";
import { parsePlansFile } from "../../src/plans-file/parse-plans-file.ts";
import { PlansFileError } from "../../src/plans-file/plans-file-error.ts";

const tenantId = "11111111-1111-4111-8111-111111111111";

function errorOf(text: string): PlansFileError {
  try {
    parsePlansFile("plans.yaml", text);
  } catch (error) {
    if (error instanceof PlansFileError) return error;
    throw error;
  }
  throw new Error("the file was accepted");
}

/** A file with one plan and one limit; the limit is line 5. */
function withLimit(limit: string): string {
  return `plans:\n  - code: starter\n    display_name: Starter\n    limits:\n      - { ${limit} }\n`;
}

/** A file with the plan starter; the subscription's tenant is line 5, what follows begins on line 7. */
function withSubscription(subscription: string, tenant = tenantId): string {
  return `plans:
  - code: starter
    limits: []
subscriptions:
  - tenant_id: ${tenant}
    plan_code: starter
    ${subscription}
`;
}

describe("what is accepted", () => {
  test("a plan has its limits sorted by metric, MONTH where no period is given, and is not the default", () => {
    const { plans } = parsePlansFile(
      "plans.yaml",
      `plans:
  - code: starter
    display_name: Für den Anfang
    limits:
      - { metric_code: tracked_products, limit: 50, enforcement: HARD, period_kind: DAY }
      - { metric_code: searches, unlimited: true, enforcement: SOFT }
      - { metric_code: api_calls, limit: 0, unlimited: false, enforcement: SOFT }
`,
    );
    expect(plans).toEqual([
      {
        code: "starter",
        displayName: "Für den Anfang",
        isDefault: false,
        limits: [
          { metricCode: "api_calls", limit: 0n, enforcement: "SOFT", periodKind: "MONTH" },
          { metricCode: "searches", limit: null, enforcement: "SOFT", periodKind: "MONTH" },
          { metricCode: "tracked_products", limit: 50n, enforcement: "HARD", periodKind: "DAY" },
        ],
      },
    ]);
  });

  test("the largest limit is read exactly", () => {
    const { plans } = parsePlansFile("f", withLimit("metric_code: m, limit: 9007199254740991, enforcement: HARD"));
    expect(plans[0]?.limits[0]?.limit).toBe(9_007_199_254_740_991n);
  });

  test("a plan may be the default and have neither a name nor limits", () => {
    const { plans } = parsePlansFile("f", "plans: [{ code: free, is_default: true, limits: [] }]");
    expect(plans).toEqual([{ code: "free", displayName: "", isDefault: true, limits: [] }]);
  });

  test("a subscription is in UTC and without an anchor where it says nothing of them", () => {
    const { subscriptions } = parsePlansFile("f", withSubscription(""));
    expect(subscriptions).toEqual([{ tenantId, planCode: "starter", timeZone: "UTC" }]);
  });

  test("a tenant is lower-cased, and a zone takes the case of the IANA database", () => {
    const text = withSubscription("time_zone: europe/berlin", "ABCDEF01-1111-4111-8111-111111111111");
    expect(parsePlansFile("f", text).subscriptions).toEqual([
      { tenantId: "abcdef01-1111-4111-8111-111111111111", planCode: "starter", timeZone: "Europe/Berlin" },
    ]);
  });

  test.each([
    ["2026-01-15T00:00:00Z", Date.UTC(2026, 0, 15)],
    ["2026-01-15T00:00:00+01:00", Date.UTC(2026, 0, 14, 23)],
    ['"2026-01-15T00:00:00.1239Z"', Date.UTC(2026, 0, 15, 0, 0, 0, 123)],
    ["1970-01-01T00:00:00Z", 0],
    ["9999-12-31T23:59:59.999999999Z", 253_402_300_799_999],
  ])("the anchor %s is read to the millisecond", (text, anchor) => {
    expect(parsePlansFile("f", withSubscription(`anchor: ${text}`)).subscriptions[0]?.anchor).toBe(anchor);
  });

  test("subscriptions may come before plans", () => {
    const text = `subscriptions: [{ tenant_id: ${tenantId}, plan_code: a }]\nplans: [{ code: a, limits: [] }]`;
    expect(parsePlansFile("f", text).subscriptions).toHaveLength(1);
  });

  test.each(["", "{}", "[]"])("a file without subscriptions has none (%j)", (end) => {
    const text = end === "[]" ? "plans: []\nsubscriptions: []" : "plans: []";
    expect(parsePlansFile("f", text)).toEqual({ fileName: "f", plans: [], subscriptions: [] });
  });

  test("a byte order mark and Windows line ends make no difference", () => {
    const text = `\ufeff${withSubscription("time_zone: UTC")}`.replaceAll("\n", "\r\n");
    expect(parsePlansFile("f", text).plans).toHaveLength(1);
  });

  test("a YAML 1.1 directive does not turn words into booleans", () => {
    const { plans } = parsePlansFile("f", "%YAML 1.1\n---\nplans: [{ code: no, display_name: yes, limits: [] }]");
    expect(plans[0]).toMatchObject({ code: "no", displayName: "yes" });
  });
});

describe("what is refused, with its line", () => {
  const limitRows: [string, string][] = [
    ["metric_code: m, enforcement: HARD", "plans[0].limits[0].limit is required"],
    ["metric_code: m, unlimited: false, enforcement: HARD", "limits[0].limit is required"],
    ["metric_code: m, limit: 5, unlimited: true, enforcement: HARD", "plans[0].limits[0].limit 5 is given although"],
    ["metric_code: m, limit: -1, enforcement: HARD", "plans[0].limits[0].limit -1 "],
    ["metric_code: m, limit: 9007199254740992, enforcement: HARD", "plans[0].limits[0].limit 9007199254740992 "],
    [`metric_code: m, limit: ${"9".repeat(31)}, enforcement: HARD`, "has 31 digits"],
    ["metric_code: m, limit: 1.5, enforcement: HARD", 'is "1.5", but must be a whole number'],
    ["metric_code: m, limit: 5.0, enforcement: HARD", 'is "5.0", but must be a whole number'],
    ["metric_code: m, limit: 1e3, enforcement: HARD", 'is "1e3", but must be a whole number'],
    ["metric_code: m, limit: 0x10, enforcement: HARD", 'is "0x10", but must be a whole number'],
    ["metric_code: m, limit: 010, enforcement: HARD", 'is "010", but must be a whole number'],
    ["metric_code: m, limit: 1_000, enforcement: HARD", 'is "1_000", but must be a whole number'],
    ['metric_code: m, limit: "50", enforcement: HARD', 'is "50", but must be a whole number'],
    ["metric_code: m, limit: .inf, enforcement: HARD", 'is ".inf", but must be a whole number'],
    ["metric_code: m, limit: , enforcement: HARD", "limits[0].limit is empty, but must be a whole number"],
    ["metric_code: m, limit: [5], enforcement: HARD", "limits[0].limit is a list, but must be a whole number"],
    ["metric_code: m, unlimited: yes, enforcement: HARD", 'limits[0].unlimited is "yes", but must be true or false'],
    ["metric_code: m, limit: 5", "plans[0].limits[0].enforcement is required"],
    ["metric_code: m, limit: 5, enforcement: hard", 'enforcement is "hard", but must be one of HARD, SOFT'],
    ["metric_code: m, limit: 5, enforcement: HARD, period_kind: MONTHLY", "must be one of HOUR, DAY, WEEK, MONTH"],
    ["metric_code: Metric, limit: 5, enforcement: HARD", 'metric_code "Metric" does not match'],
    ["metric_code: '', limit: 5, enforcement: HARD", "plans[0].limits[0].metric_code is"],
    ["metric_code: 5, limit: 5, enforcement: HARD", 'metric_code is "5", but must be a text'],
    ["limit: 5, enforcement: HARD", "plans[0].limits[0].metric_code is required"],
    ["metric: m, limit: 5, enforcement: HARD", 'plans[0].limits[0]."metric" is not known; allowed: metric_code'],
    ["metric_code: m, limit: 5, limit: 6, enforcement: HARD", "limits[0].limit is a duplicate: line 5 has it already"],
    ["metric_code: m, limit: &a 5, enforcement: HARD", "limits[0].limit has an anchor (&), which is not allowed"],
    ["metric_code: m, limit: !!int 5, enforcement: !x HARD", "Unresolved tag: !x"],
  ];

  const subscriptionRows: [string, string, number, string][] = [
    ["", "nonsense", 5, 'subscriptions[0].tenant_id "nonsense" is not a UUID'],
    ["", "00000000-0000-0000-0000-000000000000", 5, "is the nil UUID"],
    ["", "", 5, "subscriptions[0].tenant_id is empty, but must be a text"],
    ["time_zone: Europe/Bärlin", tenantId, 7, "is not the IANA name of a time zone"],
    ['time_zone: "+02:00"', tenantId, 7, "is not the IANA name of a time zone"],
    ["time_zone: 5", tenantId, 7, 'time_zone is "5", but must be a text'],
    ["anchor: 2026-01-15", tenantId, 7, 'anchor "2026-01-15" is not an instant'],
    ["anchor: 2026-02-30T00:00:00Z", tenantId, 7, "is not an instant"],
    ["anchor: 2026-01-15T00:00:00", tenantId, 7, "is not an instant"],
    ["anchor: 2026-01-15T00:00:60Z", tenantId, 7, "is not an instant"],
    ["anchor: '2026-01-15T00:00:00Z[Europe/Berlin]'", tenantId, 7, "is not an instant"],
    ["anchor: 1969-12-31T23:59:59.999Z", tenantId, 7, "is not an instant of the years 1970 to 9999"],
    ["anchor: 9999-12-31T23:59:59-01:00", tenantId, 7, "is not an instant of the years 1970 to 9999"],
    ["anchor: 1768435200000", tenantId, 7, "must be a text"],
    ["plan: starter", tenantId, 7, 'subscriptions[0]."plan" is not known'],
    ["plan_code: starter", tenantId, 7, "plan_code is a duplicate: line 6 has it already"],
    [`\n  - tenant_id: ${tenantId}\n    plan_code: starter`, tenantId, 8, "is a duplicate: line 5 has it already"],
    [
      `\n  - tenant_id: 22222222-2222-4222-8222-222222222222\n    plan_code: pro`,
      tenantId,
      9,
      'plan_code "pro" is not a plan of this file',
    ],
  ];

  const rows: [string, number, string][] = [
    ...limitRows.map(([limit, problem]): [string, number, string] => [withLimit(limit), 5, problem]),
    ...subscriptionRows.map(([subscription, tenant, line, problem]): [string, number, string] => [
      withSubscription(subscription, tenant),
      line,
      problem,
    ]),
    ["", 1, "the file is empty, but must be a mapping of plans, subscriptions"],
    ["# nothing\n", 1, "the file is empty"],
    ["just words", 1, 'the file is "just words", but must be a mapping'],
    ["- plans", 1, "the file is a list, but must be a mapping"],
    ["subscriptions: []", 1, "plans is required"],
    ["plans:", 1, "plans is empty, but must be a list"],
    ["plans: {}", 1, "plans is a mapping, but must be a list"],
    ["plans: []\nplan: []", 2, '"plan" is not known; allowed: plans, subscriptions'],
    ["plans: []\nplans: []", 2, "plans is a duplicate: line 1 has it already"],
    ["plans: []\nsubscriptions:\n  -", 3, "subscriptions[0] is empty, but must be a mapping of tenant_id, plan_code"],
    ["plans:\n  - starter", 2, 'plans[0] is "starter", but must be a mapping of code, limits'],
    ["plans:\n  - display_name: x\n    limits: []", 2, "plans[0].code is required"],
    ["plans:\n  - code: a", 2, "plans[0].limits is required"],
    ["plans:\n  - code: a\n    limits:\n      m: 5", 4, "plans[0].limits is a mapping, but must be a list"],
    ["plans:\n  - code: A\n    limits: []", 2, 'plans[0].code "A" does not match'],
    ["plans:\n  - code: a\n    limits: []\n  - code: a\n    limits: []", 4, 'plans[1].code "a" is a duplicate: line 2'],
    [
      "plans:\n  - code: a\n    limits:\n      - { metric_code: m, limit: 1, enforcement: HARD }\n" +
        "      - metric_code: m\n        limit: 2\n        enforcement: HARD\n",
      5,
      'plans[0].limits[1].metric_code "m" is a duplicate: line 4 has it already',
    ],
    [
      "plans:\n  - code: a\n    is_default: true\n    limits: []\n  - code: b\n    is_default: true\n    limits: []",
      6,
      "plans[1].is_default is true a second time: line 3 has the default plan already",
    ],
    [
      "plans:\n  - code: a\n    is_default: 1\n    limits: []",
      3,
      'plans[0].is_default is "1", but must be true or false',
    ],
    [
      `plans:\n  - code: a\n    display_name: ${"x".repeat(201)}\n    limits: []`,
      3,
      "201 characters long, at most 200",
    ],
    ['plans:\n  - code: a\n    display_name: "\\0"\n    limits: []', 3, "U+0000, which cannot be stored"],
    [
      `plans:\n  - code: a\n    limits:\n${Array.from(
        { length: 201 },
        (_, index) => `      - { metric_code: m${index}, limit: 1, enforcement: HARD }\n`,
      ).join("")}`,
      4,
      "plans[0].limits has 201 items, at most 200 are allowed",
    ],
    ["plans:\n  - code: a\n    limits: &none []\n  - code: b\n    limits: *none", 3, "has an anchor (&)"],
    ["plans:\n  - &key code : a\n    limits: []", 2, "has an anchor (&)"],
    ["plans: [{ code: b, limits: *none }]", 1, "plans[0].limits is an alias (*), which is not allowed"],
    ["plans:\n  - code: a\n    <<: { limits: [] }", 3, 'plans[0]."<<" is not known'],
    ["plans:\n  - code: a\n    ? [limits]\n    : []", 3, "a key must be a text"],
    ["plans:\n  - code: a\n    limits: [", 3, "Flow sequence"],
    ["plans:\n\t- code: a", 2, "Tabs are not allowed as indentation"],
    ["plans:\n  - code: a\n   limits: []", 3, "Sequence item"],
    ["plans:\n  - code: a\n    ? limits", 3, "plans[0].limits is empty, but must be a list"],
    ["plans:\n  - code: a\n    limits: !!omap []", 3, "Unresolved tag"],
    ["subscriptions: 5\nplans: 6", 1, 'subscriptions is "5", but must be a list (and 1 more problem)'],
    ["plans: []\n---\nplans: []", 2, "a second YAML document begins here"],
    [`plans:\n  ${"[".repeat(5_000)}`, 2, "is nested too deeply"],
  ];

  test.each(rows)("%j is refused on line %i: %s", (text, line, problem) => {
    const error = errorOf(text);
    expect(error.message).toContain(problem);
    expect(error.line).toBe(line);
    expect(error.message).toMatch(new RegExp(`^plans\\.yaml:${line}: [^\\p{Cc}]+$`, "u"));
  });

  test("the first problem is told, and how many more there are", () => {
    const one = "plans:\n  - code: A\n    limits: []\n";
    expect(errorOf(one).message).not.toContain("more");
    expect(errorOf(`${one}  - code: B\n    limits: []\n`).message).toMatch(/:2: .*"A".* \(and 1 more problem\)$/);
    expect(errorOf(`other: 1\n${one}  - code: B\n    limits: 5\n`).message).toMatch(/:1: .* \(and 3 more problems\)$/);
  });

  test("an alias that would unfold into gigabytes is refused at once", () => {
    const levels = Array.from({ length: 30 }, (_, index) => `  - &l${index + 1} [${`*l${index},`.repeat(9)}]`);
    const started = performance.now();
    expect(errorOf(`plans:\n  - &l0 [x]\n${levels.join("\n")}\n`).message).toContain("has an anchor");
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test("a value with line breaks stays on one line of the message", () => {
    expect(errorOf('plans:\n  - code: "a\\nplans.yaml:9: forged"\n    limits: []\n').message).not.toContain("\n");
    expect(errorOf('plans:\n  - "a\\nb": 1\n').message).not.toContain("\n");
    const forged = new PlansFileError("a\nb.yaml", 3, "x\r\ny\u2028z");
    expect(forged.message).toBe("a\\u000ab.yaml:3: x\\u000d\\u000ay\\u2028z");
  });
});
