import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import { repeatedKeys } from "../protocol/strict-json.js";
import { PARENT, child, kit, root, renewKit } from "./encoder-kit.js";
import { spanOf } from "./hand-made-span.js";

beforeEach(renewKit);

const NAME = "sentry.name";

function named(name: string): unknown {
  return child({ name }).data[NAME];
}

// Relay derives the names of instrumentations' spans from their ops, unless `sentry.name` is there:
// these would be `postgres`, `http`, `middleware`, `default` and `default`.
describe("the name that Sentry shows of a child span", () => {
  it.each([
    ["pg-pool.connect", "pg", { "db.system.name": "postgresql" }],
    ["request", "fastify", { "http.request.method": "GET", "http.route": "/a" }],
    ["middleware - jsonParser", "express", { "express.type": "middleware" }],
    ["dns.lookup", "dns", {}],
    ["tcp.connect", "net", { "network.transport": "tcp" }],
  ])("is OTel's: %s", (name, library, attributes) => {
    const instrumentationScope = { name: `@opentelemetry/instrumentation-${library}` };
    expect(child({ name, instrumentationScope, attributes }).data[NAME]).toBe(name);
  });

  it("is OTel's where the description is another", () => {
    const attributes = { "db.system.name": "postgresql", "db.query.text": "SELECT 1" };
    const span = child({ name: "pg.query:SELECT shop", kind: 2, attributes });
    expect(span["description"]).toBe("SELECT 1");
    expect(span.data[NAME]).toBe("pg.query:SELECT shop");
  });

  it("is the application's where it gives one, on roots as well", () => {
    const attributes = { [NAME]: "chosen" };
    expect(child({ attributes }).data[NAME]).toBe("chosen");
    expect(root({ attributes }).data[NAME]).toBe("chosen");
    expect(root().data).not.toHaveProperty(NAME);
  });

  it.each([[{ [NAME]: 7 }], [{ [NAME]: "" }], [{ [NAME]: ["a"] }]])(
    "is OTel's where the application gives no text: %o",
    (attributes) => {
      expect(child({ attributes }).data[NAME]).toBe("work");
    },
  );

  it.each(["", " ", 7 as unknown as string, undefined as unknown as string])(
    "is left to Relay where OTel has none: %j",
    (name) => {
      expect(child({ name }).data).not.toHaveProperty(NAME);
    },
  );

  it("holds no secret of a URL, no NUL, and is cut", () => {
    expect(named("GET https://me:hunter2@h/p?token=abc")).not.toMatch(/hunter2|abc/);
    expect(named("a\u0000b")).toBe("a\uFFFDb");
    expect(named("x".repeat(1000))).toHaveLength(200);
  });

  it("holds no literal of a secret if it is a statement; nor do the description and the transaction's name", () => {
    const shown = "SELECT 1 FROM t WHERE `password` LIKE '[Filtered]'";
    const name = shown.replace("[Filtered]", "hunter2");
    for (const attributes of [{}, { "db.system": "mysql", "db.statement": name }]) {
      const span = child({ name, attributes });
      expect([span["description"], span.data[NAME]]).toEqual([shown, shown]);
      expect(kit.encoder.head(spanOf({ name, attributes }), undefined).name).toBe(shown);
    }
  });

  it("is that of each span, in whatever order names and descriptions come", () => {
    const names = fc.constantFrom("a", "b", "", "c\u0000", "x".repeat(150));
    fc.assert(
      fc.property(fc.array(fc.tuple(names, names), { maxLength: 30 }), (pairs) => {
        for (const [name, query] of pairs) {
          const attributes = { "db.system": "postgresql", "db.statement": query };
          const text = kit.encoder.span(spanOf({ name, attributes }), PARENT);
          expect(repeatedKeys(text)).toEqual([]);
          const { data, description } = JSON.parse(text) as ReturnType<typeof child>;
          const shown = name.replace("\u0000", "\uFFFD");
          expect(data[NAME]).toBe(name === "" ? undefined : shown);
          expect(description).toBe((query === "" ? name : query).replace("\u0000", "\uFFFD"));
        }
      }),
    );
  });

  it("is remembered for a bounded number of names", () => {
    for (let index = 0; index < 3000; index++)
      expect(child({ name: `span ${index}` }).data[NAME]).toBe(`span ${index}`);
    expect(child({ name: "span 2999" }).data[NAME]).toBe("span 2999");
  });
});
