import { dsnFromString } from "@sentry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  authHeader,
  dsnOrigin,
  envelopePath,
  parseDsn,
  publicDsn,
} from "../../src/protocol/dsn.js";
import { isOptionsError } from "../../src/protocol/errors.js";

const KEY = "0123456789abcdef0123456789abcdef";

// `xn--` begins a label in Punycode, and not every text is valid Punycode.
const label = fc
  .stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z0-9]$/)
  .filter((text) => !text.startsWith("xn--"));
const host = fc.oneof(
  fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join(".")),
  fc.ipV4(),
  fc
    .ipV6()
    .filter((text) => !text.includes("."))
    .map((text) => `[${text}]`),
);
const dsn = fc.record({
  protocol: fc.constantFrom("http", "https"),
  key: fc.stringMatching(/^[a-z0-9]{1,32}$/),
  secret: fc.option(fc.stringMatching(/^[a-z0-9]{1,32}$/), { nil: undefined }),
  host,
  port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
  path: fc.array(fc.stringMatching(/^[a-z0-9_.-]{1,8}$/), { maxLength: 3 }),
  project: fc.nat().map(String),
});

it("takes valid DSNs apart as Sentry's SDK does", () => {
  fc.assert(
    fc.property(dsn, (parts) => {
      const secret = parts.secret === undefined ? "" : `:${parts.secret}`;
      const port = parts.port === undefined ? "" : `:${parts.port}`;
      const path = parts.path.map((segment) => `/${segment}`).join("");
      const text = `${parts.protocol}://${parts.key}${secret}@${parts.host}${port}${path}/${parts.project}`;
      const theirs = dsnFromString(text);
      const ours = parseDsn(text);
      expect({
        protocol: ours.protocol,
        publicKey: ours.publicKey,
        pass: ours.secretKey ?? "",
        host: ours.host,
        port: ours.port,
        path: ours.path.slice(1),
        projectId: ours.projectId,
      }).toEqual(theirs);
      expect(publicDsn(ours)).toBe(text.replace(`${secret}@`, "@"));
    }),
  );
});

describe.each([
  [
    `https://${KEY}@o447951.ingest.us.sentry.io/5429219`,
    {
      origin: "https://o447951.ingest.us.sentry.io",
      path: "/api/5429219/envelope/",
      orgId: "447951",
    },
  ],
  [
    `https://${KEY}@o1.ingest.sentry.io/2`,
    { origin: "https://o1.ingest.sentry.io", path: "/api/2/envelope/", orgId: "1" },
  ],
  [
    `http://${KEY}@localhost:9000/3`,
    { origin: "http://localhost:9000", path: "/api/3/envelope/", orgId: undefined },
  ],
  [
    `http://${KEY}@[::1]:9000/3`,
    { origin: "http://[::1]:9000", path: "/api/3/envelope/", orgId: undefined },
  ],
  [
    `https://${KEY}@sentry.example.com/behind/a/proxy/4`,
    {
      origin: "https://sentry.example.com",
      path: "/behind/a/proxy/api/4/envelope/",
      orgId: undefined,
    },
  ],
  [
    `  https://${KEY}@sentry.example.com/4/  `,
    { origin: "https://sentry.example.com", path: "/api/4/envelope/", orgId: undefined },
  ],
])("%s", (text, { origin, path, orgId }) => {
  it("has its endpoint and organization", () => {
    const parsed = parseDsn(text);
    expect(dsnOrigin(parsed)).toBe(origin);
    expect(envelopePath(parsed)).toBe(path);
    expect(parsed.orgId).toBe(orgId);
  });
});

it("sends the secret of an old DSN to the server, and shows it nowhere else", () => {
  const parsed = parseDsn("https://public:secret@sentry.example.com/1");
  expect(authHeader(parsed, "client/1.0")).toBe(
    "Sentry sentry_version=7, sentry_client=client/1.0, sentry_key=public, sentry_secret=secret",
  );
  expect(authHeader(parseDsn("https://public@sentry.example.com/1"), "client/1.0")).not.toContain(
    "secret",
  );
  expect(publicDsn(parsed)).toBe("https://public@sentry.example.com/1");
});

it.each([
  "",
  "nonsense",
  "https://sentry.example.com/1",
  `ftp://${KEY}@sentry.example.com/1`,
  `https://${KEY}@sentry.example.com`,
  `https://${KEY}@sentry.example.com/`,
  `https://${KEY}@sentry.example.com/project`,
  `https://${KEY}@sentry.example.com:port/1`,
  `https://${KEY}@/1`,
  `https://${KEY}@sentry example com/1`,
])("refuses %j with an error that names the option", (text) => {
  expect(() => parseDsn(text)).toThrow(expect.toSatisfy(isOptionsError));
  expect(() => parseDsn(text)).toThrow(
    /^`dsn` must look like https:\/\/<public key>@<host>\/<project id>, but .+; got /,
  );
});

it("shows no secret in the error about a malformed DSN", () => {
  expect(() => parseDsn("https://public:very-secret@host/project")).toThrow(
    /^(?!.*very-secret).*\[Filtered\]/,
  );
});
