import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { attributeBag } from "./attribute-bag.js";
import { descriptionOf } from "../spans/hand-made-span.js";
import { runs } from "../property/runs.js";

const ROUTED = { "http.request.method": "GET", "http.route": "/u" };

describe("an attribute that says it outright", () => {
  it.each([
    [{ "sentry.op": "mine" }, { op: "mine", description: "GET /u", source: "route" }],
    [{ "sentry.source": "task" }, { description: "GET /u", source: "task" }],
    [{ "sentry.segment.name.source": "view" }, { description: "GET /u", source: "view" }],
    [
      { "sentry.source": "task", "sentry.segment.name.source": "view" },
      { description: "GET /u", source: "task" },
    ],
    [{ "sentry.source": "custom" }, { description: "GET", source: "custom" }],
    [{ "sentry.custom_span_name": "mine" }, { description: "mine", source: "custom" }],
    [
      { "sentry.custom_span_name": "mine", "sentry.source": "route" },
      { description: "mine", source: "route" },
    ],
    [{ "sentry.source": "sanitized" }, { description: "GET /u", source: "route" }],
    [{ "sentry.op": "" }, { op: "http.server" }],
    [
      { "sentry.op": 7, "sentry.custom_span_name": null },
      { op: "http.server", description: "GET /u" },
    ],
  ])("wins: %o", (attributes, expected) => {
    const span = descriptionOf("SERVER", { ...ROUTED, ...attributes }, "GET");
    expect(inferSpan(span)).toMatchObject(expected);
  });

  it("counts for a span that no table knows", () => {
    const attributes = { "sentry.op": "mine", "sentry.source": "task" };
    expect(inferSpan(descriptionOf("INTERNAL", attributes))).toEqual({
      op: "mine",
      description: "name",
      source: "task",
      data: undefined,
    });
  });

  it("keeps the name of a database span whose source is custom", () => {
    const attributes = {
      "db.system": "mysql",
      "db.statement": "SELECT 1",
      "sentry.source": "custom",
    };
    expect(inferSpan(descriptionOf("CLIENT", attributes))).toMatchObject({
      op: "db",
      description: "name",
    });
  });
});

describe("peer gap 2.5", () => {
  it("db.query.text is the description", () => {
    const attributes = { "db.system.name": "postgresql", "db.query.text": "SELECT 1" };
    expect(inferSpan(descriptionOf("CLIENT", attributes)).description).toBe("SELECT 1");
  });

  it("db.query.summary is the description when there is no text", () => {
    const attributes = { "db.system.name": "postgresql", "db.query.summary": "SELECT t" };
    expect(inferSpan(descriptionOf("CLIENT", attributes)).description).toBe("SELECT t");
  });

  it("a server span with url.path only is named by it", () => {
    const attributes = { "http.request.method": "GET", "url.path": "/u/1", "url.scheme": "http" };
    expect(inferSpan(descriptionOf("SERVER", attributes, "GET"))).toMatchObject({
      description: "GET /u/1",
      source: "url",
    });
  });

  it("messaging is queue.publish and queue.process, never message", () => {
    const attributes = { "messaging.system": "kafka" };
    expect(inferSpan(descriptionOf("PRODUCER", attributes)).op).toBe("queue.publish");
    expect(inferSpan(descriptionOf("CONSUMER", attributes)).op).toBe("queue.process");
  });

  it("gen_ai attributes give an op", () => {
    const attributes = { "gen_ai.operation.name": "chat", "gen_ai.system": "openai" };
    expect(inferSpan(descriptionOf("CLIENT", attributes)).op).toBe("gen_ai.chat");
  });

  it("cache attributes give an op", () => {
    expect(inferSpan(descriptionOf("INTERNAL", { "cache.operation": "get" })).op).toBe("cache.get");
  });

  it("graphql spans have an op", () => {
    expect(inferSpan(descriptionOf("INTERNAL", { "graphql.operation.type": "query" })).op).toBe(
      "graphql",
    );
  });

  it("functions and their schedules have an op", () => {
    expect(inferSpan(descriptionOf("SERVER", { "faas.cron": "0 * * * *" })).op).toBe("function");
    expect(
      inferSpan(descriptionOf("SERVER", { "faas.name": "f", "cloud.provider": "aws" })).op,
    ).toBe("function.aws");
  });

  it("code attributes give an op, and old ones the place of a query under today's names", () => {
    expect(inferSpan(descriptionOf("INTERNAL", { "code.function.name": "f" })).op).toBe("function");
    const query = {
      "db.system": "mysql",
      "code.filepath": "/a.ts",
      "code.lineno": 3,
      "code.function": "f",
    };
    expect(inferSpan(descriptionOf("CLIENT", query)).data).toEqual({
      "code.file.path": "/a.ts",
      "code.line.number": 3,
      "code.function.name": "f",
    });
  });
});

describe("any span", () => {
  it("gets a well-formed result whatever its attributes hold", () => {
    const sources = ["custom", "url", "route", "view", "component", "task"];
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: -1, max: 6 }),
        attributeBag,
        (name, kind, attributes) => {
          const { op, description, source, data } = inferSpan({ name, kind, attributes });
          expect(op === undefined || (typeof op === "string" && op !== "")).toBe(true);
          expect(typeof description).toBe("string");
          expect(sources).toContain(source);
          for (const value of Object.values(data ?? {})) {
            expect(["string", "number"]).toContain(typeof value);
          }
          expect(data === undefined || Object.keys(data).length > 0).toBe(true);
        },
      ),
      { numRuns: runs(2000) },
    );
  });

  it.each([undefined, null, 7, {}])("with %s for a name gets an empty one", (name) => {
    const span = {
      ...descriptionOf("INTERNAL", { "express.type": "router" }),
      name: name as string,
    };
    expect(inferSpan(span)).toMatchObject({ op: "router", description: "" });
    expect(inferSpan({ ...span, attributes: {} })).toMatchObject({ description: "" });
  });

  it("is left as it is", () => {
    fc.assert(
      fc.property(attributeBag, (attributes) => {
        const before = structuredClone(attributes);
        inferSpan({ name: "name", kind: 1, attributes });
        expect(attributes).toEqual(before);
      }),
    );
  });
});
