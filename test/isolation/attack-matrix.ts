import { create, type DescMethod, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/quota/v1/admin_service_pb.ts";
import { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import { rolesOf } from "../../src/api/auth/rpc-roles.ts";
import { http1 } from "../api/http/http-calls.ts";
import { callRawGrpc, frame } from "../api/raw-grpc-call.ts";
import { aCode, aTenant } from "../support/builders.ts";
import { GrpcConnection, type Refusal, refusalOfCall } from "../support/grpc-client.ts";
import { attackRows, type Subject } from "./attack-rows.ts";
import { type AttackWorld, metricCode, roleNames } from "./attack-world.ts";
import { interleaved, tellApart } from "./timing.ts";

/** From the descriptors, so that an RPC that is added is attacked, or the suite fails. */
const methods: readonly DescMethod[] = [
  QuotaService,
  PlanService,
  SubscriptionService,
  AdminService,
  ApiKeyService,
].flatMap(({ methods: all }) => all);
const nameOf = (method: DescMethod) => `${method.parent.typeName}.${method.name}`;
const pathOf = (method: DescMethod) => `/${method.parent.typeName}/${method.name}`;
const ofTenants = methods.filter((method) => rolesOf(method).includes("TENANT"));

/** Every RPC against everything that is not one's own, on one way to the database. */
export function describeAttackMatrix(name: string, start: () => Promise<AttackWorld>): void {
  describe(`attacks, ${name}`, () => {
    let world: AttackWorld;
    let before: unknown;
    /** One connection for all: each call shows the credential that it says. */
    let shared: GrpcConnection;

    beforeAll(async () => {
      world = await start();
      shared = new GrpcConnection(world.app.address);
      before = await world.foreignState();
    });

    afterAll(async () => {
      shared.close();
      await world.app.stop();
    });

    function bytesOf(method: DescMethod, subject: Subject, changes: object = {}): Buffer {
      const row = attackRows[nameOf(method)];
      if (row === undefined) throw new Error(`${nameOf(method)} has no row in test/isolation/attack-rows.ts`);
      return Buffer.from(toBinary(method.input, create(method.input, { ...row(subject), ...changes })));
    }

    async function call(method: DescMethod, secret: string, subject: Subject, changes: object = {}) {
      const metadata = { authorization: `Bearer ${secret}` };
      const answer = await shared.callRaw(pathOf(method), bytesOf(method, subject, changes), { metadata });
      return fromBinary(method.output, answer);
    }

    const refused = (...args: Parameters<typeof call>): Promise<Refusal> => refusalOfCall(call(...args));

    it("leave no RPC out", () => {
      expect(Object.keys(attackRows).sort()).toEqual(methods.map(nameOf).sort());
    });

    describe.each(methods.map((method) => [nameOf(method), method] as const))("%s", (_, method) => {
      const wrong = roleNames.filter((role) => !rolesOf(method).includes(role));

      if (wrong.length === 0) {
        it("may be called by every role", () => expect([...rolesOf(method)].sort()).toEqual([...roleNames].sort()));
      } else
        it("with a wrong role tells nothing, and the same whatever is there", async () => {
          for (const role of wrong) {
            const about: Refusal[] = [];
            for (const subject of [world.foreign, world.absent, world.own]) {
              about.push(await refused(method, world.secrets[role], subject));
            }
            expect(about[0]).toMatchObject({ code: "PERMISSION_DENIED", reason: "ROLE_NOT_ALLOWED" });
            expect(about[1]).toEqual(about[0]);
            expect(about[2]).toEqual(about[0]);
          }
        });

      it("without a credential that is one tells nothing, and the same whichever is shown and whatever is there", async () => {
        const port = Number(world.app.address.split(":")[1]);
        // An address of its own for each RPC, or the bound on failed attempts would answer in place of the door.
        const from = `127.0.3.${methods.indexOf(method) + 1}`;
        const raw = (subject: Subject, headers: Record<string, string>) =>
          callRawGrpc({ port, path: pathOf(method), body: frame(bytesOf(method, subject)), headers, from });
        const absent = await answersTo(world, (headers) => raw(world.absent, headers));
        expect(await answersTo(world, (headers) => raw(world.foreign, headers))).toEqual(absent);
        for (const [kind, answer] of absent) {
          const reason = expect.stringMatching(/^CREDENTIAL_(MISSING|INVALID)$/);
          expect(answer, kind).toMatchObject({ code: "UNAUTHENTICATED", info: { reason } });
        }
        for (const kind of Object.keys(world.invalid).filter((one) => one !== "empty" && one !== "of another form")) {
          expect(absent.get(kind), kind).toEqual(absent.get("forged"));
        }
      });

      it("through the HTTP door is answered alike without a credential that is one, and with a wrong role", async () => {
        const from = `127.0.4.${methods.indexOf(method) + 1}`;
        const post = async (subject: Subject, headers: Record<string, string>) => {
          const answer = await http1(world.app.httpUrl, pathOf(method), {
            headers: { "content-type": "application/proto", ...headers },
            body: bytesOf(method, subject),
            from,
          });
          return { status: answer.status, ...answer.json() };
        };
        const absent = await answersTo(world, (headers) => post(world.absent, headers));
        expect(await answersTo(world, (headers) => post(world.foreign, headers))).toEqual(absent);
        for (const [kind, answer] of absent)
          expect(answer, kind).toMatchObject({ status: 401, code: "unauthenticated" });
        for (const kind of Object.keys(world.invalid).filter((one) => one !== "empty" && one !== "of another form")) {
          expect(absent.get(kind), kind).toEqual(absent.get("forged"));
        }
        for (const role of wrong) {
          const headers = { authorization: `Bearer ${world.secrets[role]}` };
          const about = await Promise.all([world.foreign, world.absent, world.own].map((one) => post(one, headers)));
          expect(about[0]).toMatchObject({ status: 403, details: [{ debug: { reason: "ROLE_NOT_ALLOWED" } }] });
          expect(about[1]).toEqual(about[0]);
          expect(about[2]).toEqual(about[0]);
        }
      });
    });

    describe.each(ofTenants.map((method) => [nameOf(method), method] as const))(
      "%s with a tenant's own credential",
      (_, method) => {
        it("refuses another tenant's id, whether it is somebody's or nobody's", async () => {
          const [foreign, absent] = [
            await refused(method, world.secrets.TENANT, world.foreign),
            await refused(method, world.secrets.TENANT, world.absent),
          ];
          expect(foreign).toMatchObject({ code: "PERMISSION_DENIED", reason: "TENANT_MISMATCH" });
          const masked = (refusal: Refusal, { tenantId }: Subject) =>
            JSON.parse(
              JSON.stringify(refusal, (_key, value) => (typeof value === "bigint" ? String(value) : value)).replaceAll(
                tenantId,
                "T",
              ),
            );
          expect(masked(foreign, world.foreign)).toEqual(masked(absent, world.absent));
        });

        it("answers about its own tenant when it names none, also on a connection that another tenant uses", async () => {
          const unnamed = { tenantId: "" };
          for (const [secret, subject, other] of [
            [world.secrets.TENANT, world.own, world.foreign],
            [world.foreignSecret, world.foreign, world.own],
            [world.secrets.TENANT, world.own, world.foreign],
          ] as const) {
            const text = JSON.stringify(await call(method, secret, subject, unnamed), (_key, value) =>
              typeof value === "bigint" ? String(value) : value,
            );
            for (const part of [other.tenantId, other.planCode, other.idempotencyKey]) expect(text).not.toContain(part);
          }
        });
      },
    );

    it("with another tenant's page token are answered as with one that is nobody's", async () => {
      const { listEvents: method } = QuotaService.method;
      const about: Refusal[] = [];
      for (const pageToken of [world.foreign.pageToken, world.absent.pageToken, "x".repeat(60)]) {
        about.push(await refused(method, world.secrets.TENANT, world.own, { pageToken }));
      }
      expect(about[0]).toMatchObject({ code: "INVALID_ARGUMENT", reason: "PAGE_TOKEN_INVALID" });
      expect(about[1]).toEqual(about[0]);
      expect(about[2]).toEqual(about[0]);
    });

    it("with another tenant's things take as long as with nobody's", async () => {
      const quota = world.app.connect(world.secrets.TENANT).service(QuotaService);
      const { tenantId } = world.own;
      const pairs: Readonly<Record<string, (subject: Subject) => Promise<unknown>>> = {
        "a tenant's id": (subject) => refused(QuotaService.method.getStatus, world.secrets.TENANT, subject),
        "a page token": ({ pageToken }) => refusalOfCall(quota.listEvents({ tenantId, pageToken })),
        // A metric that no plan has: the key is looked up, and nothing is stored that would make the next sample a replay.
        "an idempotency key": ({ idempotencyKey }) =>
          refusalOfCall(quota.recordUsage({ tenantId, metricCode: "no_such_metric", amount: 1n, idempotencyKey })),
      };
      for (const [what, attempt] of Object.entries(pairs)) {
        const [foreign, absent] = await interleaved(
          () => attempt(world.foreign),
          () => attempt(world.absent),
        );
        expect(tellApart(foreign, absent), what).toBe(false);
      }
    });

    it("with another tenant's idempotency key are new events of one's own", async () => {
      const quota = world.app.connect(world.secrets.TENANT).service(QuotaService);
      const request = { metricCode, amount: 40n };
      for (const idempotencyKey of [world.foreign.idempotencyKey, aCode("key")]) {
        const { event, replayed } = await quota.recordUsage({ ...request, idempotencyKey });
        expect({ replayed, tenantId: event?.tenantId }).toEqual({ replayed: false, tenantId: world.own.tenantId });
      }
    });

    it("that mix tenants in one batch get each tenant's own answers", async () => {
      const quota = world.app.connect(world.secrets.SERVICE).service(QuotaService);
      const tenants = Array.from({ length: 16 }, () => aTenant());
      const { planCode } = world.own;
      const calls = tenants.flatMap((tenantId, n) =>
        Array.from({ length: 4 }, async () => {
          const { event } = await quota.recordUsage({ tenantId, metricCode, amount: BigInt(n + 1), planCode });
          expect([event?.tenantId, event?.amount]).toEqual([tenantId, BigInt(n + 1)]);
        }),
      );
      await Promise.all(calls);
      await Promise.all(
        tenants.map(async (tenantId, n) => {
          const used = BigInt(4 * (n + 1));
          const { status } = await quota.checkQuota({ tenantId, metricCode, amount: 1n, planCode });
          expect(status?.current).toBe(used);
          const { events } = await quota.listEvents({ tenantId });
          expect(events.map((event) => [event.tenantId, event.amount])).toEqual(
            Array(4).fill([tenantId, BigInt(n + 1)]),
          );
        }),
      );
    });

    it("have changed nothing of anybody else's", async () => {
      const known = new Set([world.foreign.tenantId]);
      expect(ofKnown(await world.foreignState(), known)).toEqual(ofKnown(before, known));
    });
  });
}

/** What is answered to each credential that is none, by what is wrong with it. */
async function answersTo<T>(
  { invalid }: AttackWorld,
  call: (headers: Record<string, string>) => Promise<T>,
): Promise<Map<string, T>> {
  const answers = new Map([["none", await call({})]]);
  for (const [kind, secret] of Object.entries(invalid)) {
    answers.set(kind, await call({ authorization: `Bearer ${secret}` }));
  }
  return answers;
}

/** Rows of these tenants, and those of no tenant: plans, keys, changes. */
function ofKnown(state: unknown, known: ReadonlySet<string>): unknown {
  return JSON.parse(JSON.stringify(state), (_key, value) =>
    Array.isArray(value)
      ? value.filter((row) => typeof row?.tenant_id !== "string" || known.has(row.tenant_id))
      : value,
  );
}
