import { beforeEach, describe, expect, it } from "vitest";

import { throwing } from "../otel/propagation-kit.js";
import { START, TRACE_ID, spanOf } from "./hand-made-span.js";
import type { SpanChanges } from "./hand-made-span.js";
import { SPAN, child, kit, root, renewKit } from "./encoder-kit.js";

beforeEach(renewKit);

describe("long texts", () => {
  const text = "x".repeat(10_000_000);
  it.each<[string, SpanChanges]>([
    ["a name", { name: text }],
    ["an attribute", { attributes: { text } }],
    ["an attribute's key", { attributes: { [text]: 1 } }],
    ["an op", { attributes: { "sentry.op": text } }],
    ["an origin", { attributes: { "sentry.origin": text } }],
    ["a status message", { status: { code: 2, message: text } }],
    ["a scope's name", { instrumentationScope: { name: text } }],
    ["a scope's version", { instrumentationScope: { name: "a", version: text } }],
    [
      "a measurement's name",
      {
        events: [
          {
            name: text,
            time: [1, 0],
            attributes: { "sentry.measurement_value": 1, "sentry.measurement_unit": "none" },
          },
        ],
      },
    ],
    [
      "a measurement's unit",
      {
        events: [
          {
            name: "m",
            time: [1, 0],
            attributes: { "sentry.measurement_value": 1, "sentry.measurement_unit": text },
          },
        ],
      },
    ],
    [
      "a link's attribute",
      {
        links: [
          { context: { traceId: TRACE_ID, spanId: SPAN, traceFlags: 1 }, attributes: { text } },
        ],
      },
    ],
    [
      "the attributes of many links",
      {
        links: Array.from({ length: 128 }, () => ({
          context: { traceId: TRACE_ID, spanId: SPAN, traceFlags: 1 },
          attributes: { text: "x".repeat(30_000) },
        })),
      },
    ],
    [
      "a URL",
      { kind: 1, attributes: { "http.request.method": "GET", "url.full": `http://a/${text}` } },
    ],
    ["a query", { kind: 2, attributes: { "db.system.name": "postgresql", "db.query.text": text } }],
  ])("%s is bounded, in a root and in a child", (_, changes) => {
    expect(JSON.stringify(child(changes)).length).toBeLessThan(300_000);
    const head = kit.encoder.head(spanOf(changes), 1);
    expect(head.traceContext.length + head.name.length + head.measurements.length).toBeLessThan(
      300_000,
    );
  });

  it("an origin has at most 128 characters, and an op", () => {
    const span = child({ attributes: { "sentry.origin": text, "sentry.op": text } });
    expect(String(span["origin"]).length).toBeLessThanOrEqual(128);
    expect(String(span["op"]).length).toBeLessThanOrEqual(128);
  });
});

describe("a span with a value that cannot be read", () => {
  it.each<[string, object]>([
    [
      "an attribute",
      {
        attributes: Object.defineProperty({ good: 1 }, "bad", { enumerable: true, get: throwing }),
      },
    ],
    [
      "a value inside of an attribute",
      {
        attributes: {
          good: 1,
          bad: Object.defineProperty({}, "deep", { enumerable: true, get: throwing }),
        },
      },
    ],
    [
      "an attribute's proxy",
      { attributes: { good: 1, bad: new Proxy({}, { ownKeys: throwing, get: throwing }) } },
    ],
    [
      "a link's attribute",
      {
        attributes: { good: 1 },
        links: [
          {
            context: { traceId: TRACE_ID, spanId: SPAN, traceFlags: 1 },
            attributes: Object.defineProperty({}, "bad", { enumerable: true, get: throwing }),
          },
        ],
      },
    ],
    [
      "an event's attributes",
      {
        attributes: { good: 1 },
        events: [
          {
            name: "e",
            time: [1, 0],
            get attributes(): never {
              return throwing();
            },
          },
        ],
      },
    ],
  ])("(%s) goes without it", (_, changes) => {
    expect(child(changes).data).toMatchObject({ good: 1 });
    expect(child(changes).data).not.toHaveProperty("bad");
    expect(root(changes).data).toMatchObject({ good: 1 });
    expect(new Set(kit.problems)).toEqual(new Set(["span-unreadable"]));
  });

  it("counts the links and events that it loses as dropped", () => {
    const links = [
      {
        context: { traceId: TRACE_ID, spanId: SPAN, traceFlags: 1 },
        get attributes(): never {
          return throwing();
        },
      },
    ];
    expect(child({ links }).data).toMatchObject({ "otel.dropped_links_count": 1 });
  });
});

describe("numbers that are none", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, "7", null, undefined, {}])(
    "a dropped count of %o leaves valid JSON",
    (count) => {
      const changes = {
        droppedAttributesCount: count,
        droppedEventsCount: count,
        droppedLinksCount: count,
      } as never as SpanChanges;
      expect(() => child(changes)).not.toThrow();
      expect(() => root(changes)).not.toThrow();
    },
  );

  it("a measurement that is no number is none", () => {
    const events = [Number.NaN, Number.POSITIVE_INFINITY, "5", null].map((value, index) => ({
      name: `m${index}`,
      time: START,
      attributes: { "sentry.measurement_value": value, "sentry.measurement_unit": "none" },
    }));
    expect(child({ events })).not.toHaveProperty("measurements");
  });
});
