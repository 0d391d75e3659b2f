import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** Certificates made on the spot: a machine that runs the tests need not have OpenSSL, and none lies in the repository. */
export interface TestCertificate {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** As Node's clients and X509Certificate print it: hexadecimal digits in capitals. */
  readonly serialNumber: string;
}

export interface TestAuthority extends TestCertificate {
  issue(name?: string): TestCertificate;
}

const dayMs = 24 * 60 * 60 * 1_000;

/** A certificate authority of its own. */
export function anAuthority(): TestAuthority {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = `Test authority ${randomBytes(4).toString("hex")}`;
  const own = certificate({
    subject: name,
    issuer: name,
    publicKey: keys.publicKey,
    signer: keys.privateKey,
    isAuthority: true,
  });
  return {
    ...own,
    key: pemOf(keys.privateKey),
    issue: (subject = "localhost") => {
      const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const issued = { subject, issuer: name, publicKey: pair.publicKey, signer: keys.privateKey, isAuthority: false };
      return { ...certificate(issued), key: pemOf(pair.privateKey) };
    },
  };
}

function pemOf(key: KeyObject): string {
  return createPrivateKey(key.export({ type: "pkcs8", format: "pem" }))
    .export({ type: "pkcs8", format: "pem" })
    .toString();
}

interface Contents {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly isAuthority: boolean;
}

/** X.509 (RFC 5280, 4.1), signed by ECDSA with SHA-256, for localhost and 127.0.0.1. */
function certificate(contents: Contents): { cert: string; serialNumber: string } {
  const algorithm = sequence(oid("2a8648ce3d040302"));
  // A first bit of 0 keeps the number positive, and a first digit that is not 0 makes it print in full.
  const serial = Buffer.concat([Buffer.from([0x51]), randomBytes(15)]);
  const extensions = [
    sequence(oid("551d13"), boolean(), octets(sequence(...(contents.isAuthority ? [boolean()] : [])))),
    sequence(
      oid("551d11"),
      octets(sequence(tagged(0x82, Buffer.from("localhost")), tagged(0x87, Buffer.from([127, 0, 0, 1])))),
    ),
  ];
  const tbs = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    algorithm,
    nameOf(contents.issuer),
    sequence(time(Date.now() - dayMs), time(Date.now() + dayMs)),
    nameOf(contents.subject),
    contents.publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions)),
  );
  const der = sequence(tbs, algorithm, bits(sign("sha256", tbs, contents.signer)));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
    serialNumber: serial.toString("hex").toUpperCase(),
  };
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]) => tagged(0x30, Buffer.concat(parts));
const oid = (hex: string) => tagged(0x06, Buffer.from(hex, "hex"));
const boolean = () => tagged(0x01, Buffer.from([0xff]));
const octets = (content: Buffer) => tagged(0x04, content);
const bits = (content: Buffer) => tagged(0x03, Buffer.concat([Buffer.from([0]), content]));
const nameOf = (text: string) => sequence(tagged(0x31, sequence(oid("550403"), tagged(0x0c, Buffer.from(text)))));

/** UTCTime, `yymmddhhmmssZ`. */
function time(instant: number): Buffer {
  const digits = new Date(instant).toISOString().replaceAll(/\D/g, "");
  return tagged(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}
