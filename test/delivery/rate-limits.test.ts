import { isRateLimited, updateRateLimits } from "@sentry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { DataCategory } from "../../src/protocol/data-category.js";
import type { RateLimits } from "../../src/delivery/rate-limits.js";
import { createRateLimits } from "../../src/delivery/rate-limits.js";

const NOW = Date.parse("2026-11-22T10:00:00.000Z");
const DAY = 24 * 60 * 60 * 1000;

interface Answer {
  readonly status?: number;
  readonly limits?: string;
  readonly retryAfter?: string;
  readonly at?: number;
}

function limitsAfter(...answers: Answer[]): RateLimits {
  const limits = createRateLimits(() => NOW);
  for (const { status = 200, limits: rateLimits, retryAfter, at = NOW } of answers) {
    limits.update({ rateLimits, retryAfter }, status, at);
  }
  return limits;
}

// How long a category is limited, to the millisecond; undefined when it is not.
function limitMillis(limits: RateLimits, category: DataCategory): number | undefined {
  if (!limits.isLimited(category, NOW)) return undefined;
  let [low, high] = [0, 2 * DAY];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (limits.isLimited(category, NOW + middle)) low = middle;
    else high = middle;
  }
  return high;
}

describe("the header X-Sentry-Rate-Limits", () => {
  it("limits nothing before it was received", () => {
    expect(createRateLimits().isLimited("transaction", NOW)).toBe(false);
  });

  it("applies on a response of any status, to the categories that it names", () => {
    const limits = limitsAfter({ status: 200, limits: "60:transaction:organization:quota" });
    expect(limitMillis(limits, "transaction")).toBe(60_000);
    expect(limits.isLimited("error", NOW)).toBe(false);
    expect(limits.isLimited("monitor", NOW)).toBe(false);
  });

  it("holds several limits, spaces and lists of categories", () => {
    const limits = limitsAfter({
      limits: " 60:transaction; span :organization:quota , 2700 :error:key:rate ",
    });
    expect(limitMillis(limits, "transaction")).toBe(60_000);
    expect(limitMillis(limits, "span")).toBe(60_000);
    expect(limitMillis(limits, "error")).toBe(2_700_000);
  });

  it.each(["10::project", "10", "10: :key", "10::unheard-of:reason:a;b:more:fields"])(
    "limits everything when it names no category: %s",
    (header) => {
      const limits = limitsAfter({ limits: header });
      expect(limitMillis(limits, "error")).toBe(10_000);
      expect(limitMillis(limits, "internal")).toBe(10_000);
    },
  );

  it.each([
    "60:unheard_of:key",
    "60:profile;replay:key",
    "60:default:key",
    "60:internal:key",
    "60:metric_bucket:key::custom",
  ])("never takes unknown categories for all categories: %s", (header) => {
    const limits = limitsAfter({ status: 429, limits: header });
    for (const category of ["error", "default", "internal", "transaction"] as const) {
      expect(limits.isLimited(category, NOW)).toBe(false);
    }
  });

  it("applies to the known categories of a mixed list", () => {
    const limits = limitsAfter({ limits: "60:unheard_of;error:key" });
    expect(limits.isLimited("error", NOW)).toBe(true);
    expect(limits.isLimited("transaction", NOW)).toBe(false);
  });

  it.each([
    ["log_byte", "log_item"],
    ["trace_metric_byte", "trace_metric"],
    ["attachment_item", "attachment"],
    ["user_report_v2", "feedback"],
  ] as const)("stops what a limit on %s also means: %s", (name, category) => {
    expect(limitsAfter({ limits: `60:${name}:key` }).isLimited(category, NOW)).toBe(true);
  });

  it("reads fractions of seconds", () => {
    expect(limitMillis(limitsAfter({ limits: "1.5:error:key" }), "error")).toBe(1500);
  });

  it.each([
    ["a minute", "soon:error:key", 60_000],
    ["a minute", ":error:key", 60_000],
    ["no time", "-5:error:key", undefined],
    ["a day", "99999999:error:key", DAY],
    ["a day", "Infinity:error:key", DAY],
  ])("takes an unusual time for %s: %s", (_what, header, expected) => {
    expect(limitMillis(limitsAfter({ limits: header }), "error")).toBe(expected);
  });

  it("skips empty entries instead of limiting everything", () => {
    const limits = limitsAfter({ limits: "60:error:key,," });
    expect(limits.isLimited("transaction", NOW)).toBe(false);
  });

  it("keeps the longer of two limits, in either order", () => {
    const long = "60:transaction:key";
    const short = "1:transaction:key";
    expect(limitMillis(limitsAfter({ limits: long }, { limits: short }), "transaction")).toBe(
      60_000,
    );
    expect(limitMillis(limitsAfter({ limits: short }, { limits: long }), "transaction")).toBe(
      60_000,
    );
    expect(limitMillis(limitsAfter({ limits: `${long}, ${short}` }), "transaction")).toBe(60_000);
  });

  it("checks both, so that an expired limit does not hide one on all categories", () => {
    const limits = limitsAfter({ limits: "0:transaction:org" }, { limits: "60::org" });
    expect(limitMillis(limits, "transaction")).toBe(60_000);
    const later = limitsAfter({ limits: "10:transaction:org" }, { limits: "60::org" });
    expect(later.isLimited("transaction", NOW + 30_000)).toBe(true);
  });
});

describe("a response 429 without that header", () => {
  it.each([
    ["a minute without Retry-After", undefined, 60_000],
    ["a minute for an empty one", " ", 60_000],
    ["a minute for garbage", "later", 60_000],
    ["a minute for garbage with a number in it", "in 5 minutes", 60_000],
    ["a minute for two numbers", "1, 2", 60_000],
    ["a minute for a number with a unit", "30 s", 60_000],
    ["a minute for a date of another form", "2026-11-22T10:00:42Z", 60_000],
    ["its seconds", "13", 13_000],
    ["its fraction of seconds", "0.25", 250],
    ["its date", "Sun, 22 Nov 2026 10:00:42 GMT", 42_000],
    ["no time for a past date", "Sun, 22 Nov 2026 09:00:00 GMT", undefined],
    ["no time for negative seconds", "-1", undefined],
    ["a day at most", "1e9", DAY],
    ["a day at most, for a date", "Sun, 22 Nov 2099 10:00:00 GMT", DAY],
  ])("limits everything for %s", (_what, retryAfter, expected) => {
    const limits = limitsAfter({
      status: 429,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
    expect(limitMillis(limits, "error")).toBe(expected);
    expect(limitMillis(limits, "internal")).toBe(expected);
  });

  it.each([200, 413, 500, 503])(
    "is the only one whose Retry-After counts: not that of %i",
    (status) => {
      expect(limitsAfter({ status, retryAfter: "60" }).isLimited("error", NOW)).toBe(false);
    },
  );

  it("yields to the header", () => {
    const limits = limitsAfter({ status: 429, limits: "60:transaction:key", retryAfter: "600" });
    expect(limits.isLimited("error", NOW)).toBe(false);
    expect(limitMillis(limits, "transaction")).toBe(60_000);
  });
});

describe("rate limits compared with Sentry's implementation", () => {
  const categories = [
    "error",
    "transaction",
    "session",
    "monitor",
    "span",
    "feedback",
    "attachment",
    "log_item",
    "trace_metric",
  ] as const;
  const seconds = fc.integer({ min: 1, max: 86_400 });
  const byCategory = fc
    .uniqueArray(fc.tuple(fc.constantFrom(...categories), seconds), {
      selector: ([category]) => category,
      maxLength: 5,
    })
    .map((entries) =>
      entries.map(([category, value]) => `${value}:${category}:key:reason`).join(", "),
    );
  const onEverything = seconds.map((value) => `${value}::organization`);

  // Left out: limits that are given twice or expire under one on everything, where the vendor's
  // overwrites and masks against the specification.
  it("limits the same categories at the same times", () => {
    const header = fc.oneof(byCategory, onEverything, fc.constant(undefined));
    const answer = fc.record({
      header,
      status: fc.constantFrom(200, 429, 500),
      elapsed: fc.integer({ min: 0, max: DAY }),
    });
    fc.assert(
      fc.property(
        answer,
        fc.constantFrom(...categories),
        ({ header: text, status, elapsed }, category) => {
          const headers = { "x-sentry-rate-limits": text ?? null, "retry-after": null };
          const theirs = updateRateLimits({}, { statusCode: status, headers }, NOW);
          const ours = limitsAfter({ status, ...(text === undefined ? {} : { limits: text }) });
          expect(ours.isLimited(category, NOW + elapsed)).toBe(
            isRateLimited(theirs, category, NOW + elapsed),
          );
        },
      ),
    );
  });

  it("is only ever extended, whatever the server says later", () => {
    const headers = fc.array(fc.oneof(byCategory, onEverything, fc.string()), { maxLength: 6 });
    fc.assert(
      fc.property(
        headers,
        fc.constantFrom(...categories),
        fc.nat(DAY),
        (texts, category, elapsed) => {
          const limits = createRateLimits();
          let wasLimited = false;
          for (const rateLimits of texts) {
            limits.update({ rateLimits, retryAfter: undefined }, 200, NOW);
            const isLimited = limits.isLimited(category, NOW + elapsed);
            expect(isLimited || !wasLimited).toBe(true);
            wasLimited = isLimited;
          }
          expect(limits.isLimited(category, NOW + DAY)).toBe(false);
        },
      ),
    );
  });
});
