import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { SpanEncoder } from "../../src/spans/span-encoder.js";
import type { AttributeBag, FinishedSpan } from "../../src/trace/span.js";
import { times } from "../property/runs.js";
import { NOW } from "./assembler-kit.js";
import { spanOf } from "./hand-made-span.js";
import type { SpanChanges } from "./hand-made-span.js";
import { CHARACTER } from "../property/characters.js";

const PARENT = "b01b9f6349558cd1";
const SCOPES = [{ name: "@opentelemetry/instrumentation-pg", version: "1" }, { name: "shop" }];

function newEncoder(): SpanEncoder {
  return new SpanEncoder({ now: () => NOW, onProblem: () => {} });
}

function encoded(spans: readonly FinishedSpan[], encoder?: SpanEncoder): string[] {
  return spans.map((span) => (encoder ?? newEncoder()).span(span, PARENT));
}

/** Encodes the spans three times with one encoder; returns what differs from each span with an encoder of its own. */
function differences(spans: readonly FinishedSpan[]): string[] {
  const encoder = newEncoder();
  const alone = encoded(spans);
  const rounds = [spans, spans, spans].map((round) => encoded(round, encoder));
  return rounds.flatMap((round) => round.filter((text, at) => text !== alone[at]));
}

const SCOPE = SCOPES[0] ?? { name: "" };

function siblings(
  name: string,
  bags: readonly AttributeBag[],
  changes: SpanChanges = {},
): FinishedSpan[] {
  return bags.map((attributes) =>
    spanOf({ name, attributes, kind: 2, instrumentationScope: SCOPE, ...changes }),
  );
}

const TEXTS = [
  "a",
  "db-1.internal",
  "two words",
  "-x value",
  "run --password hunter2a",
  "Zürich",
  'a "quoted" b',
  "line\nbreak",
  "password=hunter2a",
  "x-api-key:abc",
  "/a?token=abc&b=1",
  "http://user:pass@host/p?q=1",
  "http://h:80/p?q=1",
  "http://my-svc:8080/items/1?page=2",
  "http://h/p",
  "https://h:443/p#top",
  "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXX",
  "http://h/p?api_key=1",
  "http://h/{id}?q=%41",
  "/items/1?x=1",
  "Bearer abcdefghijk1234567890",
  "sk-proj-abcdefghijklmnopqrstuvwx",
  "SELECT * FROM a WHERE b = 'c'",
  'SELECT "a" FROM "b" WHERE c = ?',
  "SELECT a FROM b WHERE `password` = 'x1'",
  "SELECT a FROM b -- token=x1",
  "SET user:1 secret",
  "GET user:1",
  "\ud800",
  "x".repeat(300),
  "x".repeat(9000),
  "",
  "GET",
  "POST",
  "redis",
  "postgresql",
  "200",
  "auto.http.test",
];
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 200, 503, 0.5, Number.NaN, true, false) },
  fc.constantFrom(null, undefined, [1, "a"], { password: "x" }),
  fc.string({ unit: CHARACTER, maxLength: 40 }),
);
const KEYS = [
  "http.request.method",
  "http.method",
  "url.full",
  "http.url",
  "url.query",
  "url.path",
  "http.target",
  "http.route",
  "http.status_code",
  "http.response.status_code",
  "http.query",
  "url",
  "db.system",
  "db.system.name",
  "db.statement",
  "db.query.text",
  "cache.key",
  "code.filepath",
  "client.address",
  "net.peer.ip",
  "sentry.op",
  "sentry.name",
  "sentry.origin",
  "sentry.custom_span_name",
  "sentry.graphql.operation",
  "messaging.system",
  "rpc.grpc.status_code",
  "user.password",
  "app.note",
  "app.count",
];
const shape = fc.record({
  // Some instrumentations name a span by its statement or URL.
  name: fc.constantFrom("GET", "SELECT", "work", "GET /items", ...TEXTS),
  kind: fc.constantFrom(0, 1, 2, 3),
  scope: fc.constantFrom(...SCOPES),
  code: fc.constantFrom(0, 0, 1, 2),
  keys: fc.uniqueArray(fc.constantFrom(...KEYS), { maxLength: 7 }),
});
const family = shape.chain(({ name, kind, scope, code, keys }) =>
  fc.array(fc.tuple(...keys.map(() => value)), { minLength: 1, maxLength: 6 }).map((rows) =>
    rows.map((row) =>
      spanOf({
        name,
        kind,
        status: { code },
        instrumentationScope: scope,
        attributes: Object.fromEntries(keys.map((key, at) => [key, row[at]])),
      }),
    ),
  ),
);

describe("spans of one call site", () => {
  it("are encoded as an encoder that has seen no other span does", () => {
    fc.assert(
      fc.property(fc.array(family, { minLength: 1, maxLength: 4 }), (families) => {
        expect(differences(families.flat())).toEqual([]);
      }),
      times(1000),
    );
  });

  it.each(["url.full", "http.url"])("may have URLs of any kind (%s)", (key) => {
    const bags = TEXTS.map((url) => ({ "http.request.method": "GET", [key]: url }));
    expect(differences(siblings("GET", bags))).toEqual([]);
  });

  it.each(["postgresql", "redis"])("may have statements of any kind (%s)", (system) => {
    const bags = TEXTS.map((text) => ({ "db.system": system, "db.statement": text }));
    expect(differences(siblings("query", bags))).toEqual([]);
  });

  it.each(["SELECT a FROM b WHERE `password` = 'x1'", "SELECT a FROM b -- token=x1"])(
    "may be named by one of their statements: %s",
    (statement) => {
      const bags = ["SELECT 1", statement, "SELECT 2"].map((text) => ({
        "db.system": "mysql",
        "db.statement": text,
      }));
      expect(differences(siblings(statement, bags))).toEqual([]);
    },
  );

  it("may have a long statement between two equal ones", () => {
    const bags = ["SELECT 1", `SELECT ${"1, ".repeat(200)}2`, "SELECT 1"].map((text) => ({
      "db.system": "postgresql",
      "db.query.text": text,
    }));
    expect(differences(siblings("query", bags))).toEqual([]);
  });

  it("may lack their attributes, or have a list instead", () => {
    const bags: unknown[] = [{ 0: "a" }, ["a"], null, "a", {}, null, { 0: "a" }];
    expect(differences(siblings("work", bags as AttributeBag[]))).toEqual([]);
  });

  it("keep a value whose search for secrets ended early out of later spans", () => {
    const assignments = "a=1 ".repeat(4000);
    const bags = [
      { note: "b", list: "x=1" },
      { note: assignments, list: "x=1" },
      { note: "b", list: "x=1" },
    ];
    const encoder = newEncoder();
    const first = encoded(siblings("work", bags), encoder)[0];
    for (let round = 0; round < 3; round++)
      expect(encoded(siblings("work", bags), encoder)[2]?.slice(40)).toBe(first?.slice(40));
  });

  it("are named once, from the third one on by what the second one read", () => {
    expect(namings("work", 6)).toEqual([true, true, false, false, false, false]);
  });

  it("are known again after many names that do not come again", () => {
    const encoder = newEncoder();
    for (let number = 0; number < 1000; number++) namings(`work ${number}`, 2, { encoder });
    const isNamed = namings("work", 11_000, { encoder });
    expect([isNamed[100], isNamed.at(-1)]).toEqual([true, false]);
  });

  it("are known again after many other spans of their name", () => {
    const encoder = newEncoder();
    for (let number = 0; number < 40; number++)
      namings("GET", 2, { encoder, key: `app.note${number}` });
    const isNamed = namings("GET", 11_000, { encoder });
    expect([isNamed[100], isNamed.at(-1)]).toEqual([true, false]);
  });
});

/** Encodes spans of one name; tells for each if it was named by its attributes. */
function namings(
  name: string,
  count: number,
  { encoder = newEncoder(), key: note = "app.note" } = {},
): boolean[] {
  return Array.from({ length: count }, () => {
    let isNamed = false;
    const read = (bag: AttributeBag, key: PropertyKey): unknown => {
      isNamed ||= key === "sentry.op";
      return Reflect.get(bag, key);
    };
    const attributes = new Proxy<AttributeBag>({ [note]: "a" }, { get: read });
    encoder.span(spanOf({ name, attributes, instrumentationScope: SCOPE }), PARENT);
    return isNamed;
  });
}
