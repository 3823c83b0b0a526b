import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { errorEventFromException } from "../../src/errors/exception-events.js";
import { createErrorMap } from "../../src/context/error-history.js";
import { normalize } from "../../src/support/normalize.js";
import type { ExceptionValue } from "../../src/protocol/events.js";
import { makeThrown } from "./hostile-values.js";
import { runs } from "../property/runs.js";

const HINT = { eventId: "0123456789abcdef0123456789abcdef", timestamp: 1 };
// What the server takes for one event.
const MAX_EVENT_BYTES = 1_048_576;

function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => [key, ...texts(field)]);
}

function expectPlainJson(value: object): string {
  const json = JSON.stringify(value);
  expect(JSON.stringify(JSON.parse(json))).toBe(json);
  expect(texts(value).every((part) => part.isWellFormed())).toBe(true);
  return json;
}

function expectBounds(values: readonly ExceptionValue[]) {
  expect(values.length).toBeGreaterThan(0);
  expect(values.length).toBeLessThanOrEqual(6);
  for (const value of values) {
    expect(value.type.length).toBeGreaterThan(0);
    expect(value.type.length).toBeLessThanOrEqual(203);
    expect(value.value.length).toBeLessThanOrEqual(8195);
    expect(value.stacktrace?.frames.length ?? 0).toBeLessThanOrEqual(50);
  }
}

describe("whatever is thrown", () => {
  it("becomes an event that is valid JSON of a bounded size", () => {
    fc.assert(
      fc.property(makeThrown, (make) => {
        const event = errorEventFromException(make(), HINT);
        expect(Buffer.byteLength(expectPlainJson(event))).toBeLessThan(MAX_EVENT_BYTES);
        expectBounds(event.exception?.values ?? []);
      }),
      { numRuns: runs(2000) },
    );
  });

  it("is normalised to plain JSON of a bounded size", () => {
    fc.assert(
      fc.property(makeThrown, fc.nat(5), (make, depth) => {
        const copy = normalize(make(), { depth, totalLength: 2000 });
        expectPlainJson([copy]);
        expect(texts(copy).join("").length).toBeLessThan(4000);
      }),
      { numRuns: runs(1000) },
    );
  });

  it("can be tied to a unit of work", () => {
    fc.assert(
      fc.property(makeThrown, (make) => {
        const units = createErrorMap();
        const thrown = make();
        const unit = {};
        units.remember(thrown, unit);
        expect([unit, undefined]).toContain(units.recall(thrown));
      }),
    );
  });
});
