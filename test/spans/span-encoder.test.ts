import { beforeEach, describe, expect, it } from "vitest";

import { repeatedKeys } from "../protocol/strict-json.js";
import { END, START, TRACE_ID, spanOf } from "./hand-made-span.js";
import { PARENT, SPAN, child, kit, root, renewKit } from "./encoder-kit.js";
import type { Encoded } from "./encoder-kit.js";

beforeEach(renewKit);

describe("a child span", () => {
  it("has exactly these fields", () => {
    expect(child()).toEqual({
      span_id: SPAN,
      trace_id: TRACE_ID,
      parent_span_id: PARENT,
      origin: "manual",
      status: "ok",
      description: "work",
      start_timestamp: 1_795_341_600.123_456,
      timestamp: 1_795_341_600.456_789,
      data: { "otel.scope.name": "test", "otel.scope.version": "1.2.3", "sentry.name": "work" },
    });
  });

  it("has an op, and the attributes beside what is inferred of them", () => {
    const attributes = {
      "http.request.method": "GET",
      "url.full": "https://shop.example.com/a?b=c",
      "server.port": 443,
    };
    const span = child({ kind: 2, attributes });
    expect(span).toMatchObject({ op: "http.client" });
    expect(span.data).toMatchObject({ ...attributes, "otel.kind": "CLIENT" });
  });

  it("has no parent where none is known", () => {
    expect(JSON.parse(kit.encoder.span(spanOf(), undefined))).not.toHaveProperty("parent_span_id");
  });
});

describe("a root", () => {
  it("says what it is called, and where the name comes from", () => {
    const head = kit.encoder.head(
      spanOf({
        name: "GET",
        kind: 1,
        attributes: {
          "http.request.method": "GET",
          "http.route": "/orders/:id",
          "http.response.status_code": 200,
        },
      }),
      0.5,
    );
    expect(head).toMatchObject({
      name: "GET /orders/:id",
      source: "route",
      op: "http.server",
      responseStatusCode: 200,
    });
    const trace = JSON.parse(`{${head.traceContext}}`) as Encoded;
    expect(trace.data).toMatchObject({
      "sentry.source": "route",
      "sentry.sample_rate": 0.5,
      "sentry.op": "http.server",
    });
  });

  it("has no sample rate where none was applied here", () => {
    expect(root().data).not.toHaveProperty("sentry.sample_rate");
  });

  it("names its remote parent", () => {
    const parentSpanContext = { traceId: TRACE_ID, spanId: PARENT, traceFlags: 1, isRemote: true };
    expect(root({ parentSpanContext })["parent_span_id"]).toBe(PARENT);
    expect(root()).not.toHaveProperty("parent_span_id");
  });

  it.each<[unknown, number | undefined]>([
    [204, 204],
    ["204", 204],
    [-5, undefined],
    [1e300, undefined],
    [200.5, undefined],
    [Number.NaN, undefined],
  ])("with the status code %o answers with %o", (code, expected) => {
    const attributes = { "http.request.method": "GET", "http.response.status_code": code };
    expect(kit.encoder.head(spanOf({ kind: 1, attributes }), undefined).responseStatusCode).toBe(
      expected,
    );
  });

  it.each([
    ["  padded  ", "padded"],
    ["", "<unlabeled transaction>"],
    ["\u00a0\n", "<unlabeled transaction>"],
    ["n".repeat(500), `${"n".repeat(197)}...`],
  ])("with the name %j is called %j", (name, expected) => {
    expect(kit.encoder.head(spanOf({ name }), undefined).name).toBe(expected);
  });
});

describe("what OTel knows beyond Sentry's fields stays visible", () => {
  it("the instrumentation scope", () => {
    expect(child({ instrumentationScope: { name: "lib" } }).data).toEqual({
      "otel.scope.name": "lib",
      "sentry.name": "work",
    });
    expect(child({ instrumentationScope: { name: "lib", version: "" } }).data).toEqual({
      "otel.scope.name": "lib",
      "sentry.name": "work",
    });
  });

  it.each([
    [0, undefined],
    [1, "SERVER"],
    [2, "CLIENT"],
    [3, "PRODUCER"],
    [4, "CONSUMER"],
    [99, "INTERNAL"],
  ])("the kind %i as %s", (kind, name) => {
    expect(child({ kind }).data["otel.kind"]).toBe(name);
  });

  it("the message of a failure, and only of a failure", () => {
    expect(child({ status: { code: 2, message: "no stock" } })).toMatchObject({
      status: "internal_error",
      data: { "otel.status_description": "no stock" },
    });
    expect(child({ status: { code: 2 } }).data).not.toHaveProperty("otel.status_description");
    expect(child({ status: { code: 1, message: "fine" } }).data).not.toHaveProperty(
      "otel.status_description",
    );
  });

  it("how much was dropped, where anything was", () => {
    const dropped = { droppedAttributesCount: 1, droppedEventsCount: 2, droppedLinksCount: 3 };
    expect(child(dropped).data).toMatchObject({
      "otel.dropped_attributes_count": 1,
      "otel.dropped_events_count": 2,
      "otel.dropped_links_count": 3,
    });
    expect(
      Object.keys(child({ droppedLinksCount: 3 }).data).filter((key) => key.includes("dropped")),
    ).toEqual(["otel.dropped_links_count"]);
  });
});

describe("attributes", () => {
  it("that steer the bridge are not repeated", () => {
    const attributes = {
      "sentry.op": "task",
      "sentry.origin": "auto.job",
      "sentry.source": "task",
      "sentry.custom_span_name": "nightly",
      "sentry.sample_rate": 0.1,
      "sentry.parentIsRemote": true,
      kept: 1,
    };
    const span = child({ attributes });
    expect(span).toMatchObject({ op: "task", origin: "auto.job", description: "nightly" });
    expect(span.data).toEqual({
      "otel.scope.name": "test",
      "otel.scope.version": "1.2.3",
      "sentry.name": "work",
      kept: 1,
    });
  });

  it("that were repeated are not confused with others of the same key", () => {
    const values = [
      "a",
      "a",
      "b",
      1,
      1,
      "1",
      true,
      "true",
      null,
      "",
      "a",
      Number.NaN,
      Number.NaN,
      0,
      -0,
    ];
    const seen = values.map((value) => child({ attributes: { note: value } }).data["note"]);
    expect(seen).toEqual(["a", "a", "b", 1, 1, "1", true, "true", "", "", "a", "NaN", "NaN", 0, 0]);
  });

  it("beyond the bound are left out, which is told", () => {
    const attributes = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`note${index}`, "x".repeat(30_000)]),
    );
    expect(JSON.stringify(child({ attributes })).length).toBeLessThan(400_000);
    expect(kit.problems).toEqual(["span-attributes"]);
  });

  it.each<[string, Record<string, unknown>]>([
    [
      "an inferred value and an undefined one",
      {
        "http.request.method": "GET",
        "url.full": "http://a/b?c",
        url: undefined,
        "http.status_code": 200,
        "http.response.status_code": undefined,
      },
    ],
    [
      "keys that differ in what is cut off",
      { [`${"k".repeat(1000)}a`]: 1, [`${"k".repeat(1000)}b`]: 2 },
    ],
    ["keys that differ in lone surrogates", { "\ud800": 1, "\udfff": 2 }],
    [
      "keys that the bridge writes itself",
      {
        "otel.scope.name": "x",
        "otel.kind": "x",
        "otel.status_description": "x",
        "sentry.op": "x",
      },
    ],
  ])("never make one key stand twice: %s", (_, attributes) => {
    const text = kit.encoder.span(
      spanOf({ kind: 2, attributes, status: { code: 2, message: "m" } }),
      PARENT,
    );
    expect(repeatedKeys(text)).toEqual([]);
  });
});

it("a repaired time is told, and the name that is told is short", () => {
  child({ name: "x".repeat(10_000), startTime: END, endTime: START });
  expect(kit.problems).toEqual(["span-times"]);
});
