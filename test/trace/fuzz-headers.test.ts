import { parseTraceParent } from "@opentelemetry/core";
import {
  baggageHeaderToDynamicSamplingContext,
  dynamicSamplingContextToSentryBaggageHeader,
  extractTraceparentData,
} from "@sentry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { mergeBaggage, parseBaggage, sentryMembers } from "../../src/trace/baggage.js";
import {
  formatSentryTrace,
  formatTraceparent,
  parseSentryTrace,
  parseTraceparent,
} from "../../src/trace/headers.js";
import { decisions, ids, near } from "./fuzz-texts.js";
import { SEED, times } from "../property/runs.js";

process.stdout.write(`random headers by seed ${SEED}\n`);

const spaces = fc.constantFrom("", "", "", " ", "\t ");

describe("30,000 random sentry-trace headers", () => {
  const GRAMMAR = /^[ \t]*([0-9a-f]{32})(-[0-9a-f]{16})?(-[01])?[ \t]*$/;
  const valid = fc
    .tuple(ids(32), ids(16), decisions, spaces)
    .map(
      ([traceId, spanId, sampled, space]) => space + formatSentryTrace(traceId, spanId, sampled),
    );

  // Sentry's own parser also accepts ids of zeros, which Relay rejects, and missing or extra hyphens
  // (`<trace id><span id>1`, `<trace id>--1`), which the header's grammar does not allow.
  it("are taken if the grammar allows them, for what the vendor takes them", () => {
    fc.assert(
      fc.property(near(valid), (text) => {
        const ours = parseSentryTrace(text);
        const [, traceId = "", spanId = ""] = GRAMMAR.exec(text) ?? [];
        const isTaken = traceId !== "" && !/^0+$/.test(traceId) && !/^-0+$/.test(spanId);
        expect(ours !== undefined).toBe(isTaken);
        if (ours === undefined) return;
        const { spanId: parentSpanId, sampled: parentSampled } = ours;
        const theirs = extractTraceparentData(text);
        expect(theirs).toEqual({ traceId: ours.traceId, parentSpanId, parentSampled });
        if (parentSpanId === undefined) return;
        expect(formatSentryTrace(traceId, parentSpanId, parentSampled)).toBe(text.trim());
      }),
      times(30_000),
    );
  });
});

describe("30,000 random traceparent headers", () => {
  const valid = fc
    .tuple(ids(32), ids(16), fc.nat(3), spaces)
    .map(([traceId, spanId, flags, space]) => space + formatTraceparent(traceId, spanId, flags));

  // OpenTelemetry's parser accepts one character of any white space, even a line break, on either side. A header contains
  // no line breaks, and may have several spaces.
  it("are read as OpenTelemetry's parser reads them", () => {
    fc.assert(
      fc.property(near(valid), (text) => {
        const stripped = text.replaceAll(/^[ \t]+|[ \t]+$/g, "");
        const theirs = stripped.trim() === stripped ? parseTraceParent(stripped) : null;
        const ours = parseTraceparent(text);
        expect(ours ?? null).toEqual(
          theirs && {
            traceId: theirs.traceId,
            spanId: theirs.spanId,
            flags: theirs.traceFlags & 3,
          },
        );
        if (ours === undefined || !/^00-.*-0[0-3]$/.test(stripped)) return;
        expect(formatTraceparent(ours.traceId, ours.spanId, ours.flags)).toBe(stripped);
      }),
      times(30_000),
    );
  });
});

describe("40,000 random baggage headers", () => {
  const names = fc.constantFrom(
    "trace_id",
    "public_key",
    "sample_rand",
    "release",
    "x_y",
    "org_id",
  );
  const values = fc.oneof(
    fc.constantFrom("0.25", "true", "shop@2, beta", "a=b;c", "å %", "👾", " x "),
    fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
      .filter((text) => text.trim() !== ""),
  );
  const dscs = fc.dictionary(names, values, { maxKeys: 6, noNullPrototype: true });
  const foreign = fc.array(fc.constantFrom("a=1", "b = 2;p=1", "c=%20", "d", "é=ü"), {
    maxLength: 4,
  });
  const valid = fc.tuple(foreign, dscs, spaces).map(([others, dsc, space]) => {
    const members = dynamicSamplingContextToSentryBaggageHeader(dsc);
    return [...others, ...(members === undefined ? [] : [members])].join(`${space},${space}`);
  });

  // Differences, all for members that no sender writes: Sentry's own parser accepts one without a name (`sentry-=1`), loses
  // `sentry-__proto__`, and accepts a percent-encoded prefix.
  it("say of the sampling context what the vendor's parser finds in them", () => {
    fc.assert(
      fc.property(near(valid), (text) => {
        const found = Object.entries(baggageHeaderToDynamicSamplingContext(text) ?? {});
        const theirs = Object.fromEntries(found.filter(([key]) => key !== ""));
        const { ["__proto__"]: _lost, ...ours } = { ...sentryMembers(text) };
        expect(ours).toEqual(text.includes("sentry-") ? theirs : {});
      }),
      times(20_000),
    );
  });

  it("come back as they were, if they are the vendor's", () => {
    fc.assert(
      fc.property(dscs, (dsc) => {
        const header = dynamicSamplingContextToSentryBaggageHeader(dsc);
        expect(mergeBaggage(undefined, sentryMembers(header) ?? {})).toBe(header ?? "");
      }),
      times(5000),
    );
  });

  it("say the same after they were written again, and nothing of them is lost", () => {
    fc.assert(
      fc.property(near(valid), (anything) => {
        // A text that cannot be encoded cannot be received.
        const text = anything.toWellFormed();
        const members = sentryMembers(text) ?? {};
        const merged = mergeBaggage(text, members);
        expect(sentryMembers(merged) ?? {}).toEqual(members);
        expect(foreignIn(merged)).toEqual(foreignIn(text));
        expect(mergeBaggage(merged, members)).toBe(merged);
      }),
      times(15_000),
    );
  });
});

function foreignIn(text: string): string[] {
  const members = parseBaggage(text).filter(({ key }) => !key.startsWith("sentry-"));
  return members.map((member) => member.text);
}
