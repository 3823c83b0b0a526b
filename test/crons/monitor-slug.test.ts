import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { validMonitorSlug } from "../../src/crons/send-check-in.js";
import { CHARACTER } from "../property/characters.js";

// What Sentry's server makes of a slug: `slugify(slug)[:50].strip("-")`; not digits alone.
const ACCEPTED = /^(?![\d-]*$)(?![-_])[a-z0-9_-]{1,50}(?<![-_])$/;

describe("a monitor's slug", () => {
  it.each(["nightly", "a", "job_7", "nightly-report", "7-days", "a--b", "x".repeat(50)])(
    "that is valid stays as it is: %s",
    (slug) => {
      expect(validMonitorSlug(slug)).toBe(slug);
    },
  );

  // The expected values are those of Django 5's `slugify`.
  it.each([
    ["Nightly Report!", "nightly-report"],
    ["  back  up  ", "back-up"],
    ["Überweisung/täglich", "uberweisungtaglich"],
    ["daily.report", "dailyreport"],
    ["__init__", "init"],
    ["job\u0000", "job"],
    ["a\tb", "a-b"],
  ])("is changed as Sentry's server changes it: %j", (slug, sent) => {
    expect(validMonitorSlug(slug)).toBe(sent);
  });

  it("of digits alone gets a name", () => {
    expect(validMonitorSlug("2024-01")).toBe("monitor-2024-01");
  });

  it("without any valid character becomes a digest", () => {
    const [night, day] = [validMonitorSlug("毎晩"), validMonitorSlug("毎日")];
    expect(night).toMatch(/^monitor-[0-9a-f]{8}$/);
    expect(day).not.toBe(night);
  });

  it("that is too long keeps its beginning and gets a digest at its end", () => {
    const slug = "reconcile-".repeat(6);
    expect(validMonitorSlug(`${slug}a`)).toMatch(/^reconcile-reconcile-.*-[0-9a-f]{8}$/);
    expect(validMonitorSlug(`${slug}a`)).not.toBe(validMonitorSlug(`${slug}b`));
  });

  it("is valid, stays valid, and is the same each time, whatever was given", () => {
    const text = fc.oneof(
      fc.string({ unit: CHARACTER, maxLength: 80 }),
      fc.string({ unit: fc.constantFrom("a", "Z", "7", "-", "_", " ", ".", "é"), maxLength: 80 }),
    );
    fc.assert(
      fc.property(text, (slug) => {
        const sent = validMonitorSlug(slug);
        expect(sent).toMatch(ACCEPTED);
        expect(validMonitorSlug(sent)).toBe(sent);
        expect(validMonitorSlug(slug)).toBe(sent);
      }),
    );
  });

  it("of a megabyte takes no time to speak of", () => {
    expect(validMonitorSlug("-".repeat(1e6))).toMatch(ACCEPTED);
    expect(validMonitorSlug(`a${"_-".repeat(5e5)}a`)).toMatch(ACCEPTED);
  });
});
