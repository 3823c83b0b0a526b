import type { OutgoingHttpHeaders } from "node:http";
import { validateHeaderValue } from "node:http";

import {
  ROOT_CONTEXT,
  baggageEntryMetadataFromString,
  defaultTextMapSetter,
  propagation,
} from "@opentelemetry/api";
import type { Baggage, TextMapPropagator } from "@opentelemetry/api";
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { TracePropagator } from "../../src/otel/propagator.js";
import { TRACE, SPAN, withSpan } from "../otel/propagation-kit.js";
import { times } from "../property/runs.js";

const DSC = {
  trace_id: TRACE,
  public_key: "0123456789abcdef0123456789abcdef",
  sample_rand: "0.25",
  sampled: "true",
  release: "shop@1",
};
const DSC_TEXTS = Object.entries(DSC).map(
  ([key, value]) => `sentry-${key}=${encodeURIComponent(value)}`,
);
const ours = new TracePropagator({ dscSource: () => DSC });
const w3c = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
const composed: [string, TextMapPropagator][] = [
  ["alone", ours],
  ["after the W3C propagators", new CompositePropagator({ propagators: [...w3c, ours] })],
  ["before the W3C propagators", new CompositePropagator({ propagators: [ours, ...w3c] })],
];

function inject(
  propagator: TextMapPropagator,
  baggage: Baggage | undefined,
  carrier: OutgoingHttpHeaders = {},
): string {
  const ctx = baggage === undefined ? ROOT_CONTEXT : propagation.setBaggage(ROOT_CONTEXT, baggage);
  propagator.inject(withSpan({}, ctx), carrier, defaultTextMapSetter);
  expect(carrier["sentry-trace"]).toBe(`${TRACE}-${SPAN}-1`);
  expect(carrier["traceparent"]).toBe(`00-${TRACE}-${SPAN}-01`);
  const header = String(carrier["baggage"] ?? "");
  validateHeaderValue("baggage", header);
  return header;
}

function membersIn(header: string): string[] {
  return header === "" ? [] : header.split(",");
}

/** Applies the limits in the plainest way: member by member, and those that do not fit are left out. */
function fitting(texts: readonly string[]): string[] {
  const kept: string[] = [];
  let bytes = -1;
  for (const text of texts) {
    const size = 1 + Buffer.byteLength(text);
    if (size > 4097 || kept.length === 180 || bytes + size > 8192) continue;
    bytes += size;
    kept.push(text);
  }
  return kept;
}

/** Creates members with these names that take `bytes` bytes together, including commas. */
function foreignBaggage(count: number, bytes: number): Record<string, string> {
  const length = Math.floor((bytes + 1) / count) - 1;
  const entries = Array.from({ length: count }, (_, index) => {
    const key = `k${index}`;
    return [key, "v".repeat(Math.max(1, length - key.length - 1))] as const;
  });
  return Object.fromEntries(entries);
}

function textsOf(members: Readonly<Record<string, string>>): string[] {
  return Object.entries(members).map(([key, value]) => `${key}=${value}`);
}

function baggageOf(members: Readonly<Record<string, string>>): Baggage {
  const entries = Object.entries(members).map(([key, value]) => [key, { value }] as const);
  return propagation.createBaggage(Object.fromEntries(entries));
}

const carriers = fc.oneof(
  fc
    .array(
      fc.oneof(
        fc.constantFrom("a=1", "b=2;p=1", "", " c ", "sentry-release=stale", "sentry-old=1"),
        fc.integer({ min: 1, max: 5000 }).map((length) => `long=${"x".repeat(length)}`),
      ),
      { maxLength: 12 },
    )
    .map((members) => members.join(",")),
  fc.nat(230).map((count) => textsOf(foreignBaggage(count + 1, 3000)).join(",")),
);
const contexts = fc.dictionary(
  fc.constantFrom("a", "b", "k1", "k179", "tenant", "é,=", "x y", "sentry-release", "sentry-old"),
  fc.string({ unit: "grapheme", maxLength: 30 }),
  { noNullPrototype: true },
);

/** Returns the `baggage` header after OpenTelemetry's propagator has written to it. */
function afterW3c(carrier: string, members: Readonly<Record<string, string>>): string {
  const headers = { baggage: carrier };
  const ctx = propagation.setBaggage(ROOT_CONTEXT, baggageOf(members));
  new W3CBaggagePropagator().inject(ctx, headers, defaultTextMapSetter);
  return headers.baggage;
}

/** The expected order: existing members, then missing ones of the context, then ours; no other `sentry-` members. */
function expectedMembers(
  present: string,
  members: Readonly<Record<string, string>>,
): readonly string[] {
  const there = present
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");
  const names = new Set(there.filter((text) => text.includes("=")).map(nameOf));
  const added = Object.entries(members)
    .filter(([key]) => !names.has(key))
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  const foreign = [...there, ...added].filter((text) => !text.startsWith("sentry-"));
  return fitting([...foreign, ...DSC_TEXTS]);
}

function nameOf(text: string): string {
  return decodeURIComponent(text.slice(0, text.indexOf("=")));
}

/** Numbers of members and of bytes. */
const SIZES = [
  [10, 8000],
  [10, 8192],
  [3, 7900],
  [160, 7900],
  [40, 8100],
  [180, 2000],
  [178, 2000],
  [200, 2000],
  [250, 9000],
  [2, 7000],
] as const;

describe("foreign baggage", () => {
  it.each(SIZES)(
    "of %d members and %d bytes on the carrier keeps all that fits",
    (count, bytes) => {
      const foreign = textsOf(foreignBaggage(count, bytes));
      const header = inject(ours, undefined, { baggage: foreign.join(",") });
      expect(membersIn(header)).toEqual(fitting([...foreign, ...DSC_TEXTS]));
    },
  );

  it.each(SIZES)("of %d members and %d bytes in the context does, too", (count, bytes) => {
    const foreign = foreignBaggage(count, bytes);
    for (const [, propagator] of composed.slice(0, 2)) {
      const header = inject(propagator, baggageOf(foreign));
      expect(membersIn(header)).toEqual(fitting([...textsOf(foreign), ...DSC_TEXTS]));
    }
  });

  // `W3CBaggagePropagator` overwrites the header: see `SentryPropagator`. The trace and the decision are in `sentry-trace`.
  it("that a W3C propagator writes after us is all that is left of the header", () => {
    const [, propagator] = composed[2] ?? ["", ours];
    expect(inject(propagator, baggageOf({ a: "1" }))).toBe("a=1");
    expect(membersIn(inject(propagator, undefined))).toEqual(DSC_TEXTS);
  });

  it.each(composed)(
    "is kept by the rule, %s, whatever is in context and carrier",
    (title, propagator) => {
      fc.assert(
        fc.property(carriers, contexts, (carrier, members) => {
          const header = inject(propagator, baggageOf(members), { baggage: carrier });
          const before = title === "alone" ? carrier : afterW3c(carrier, members);
          const isOverwritten = title.startsWith("before") && before !== carrier;
          const expected = isOverwritten ? membersIn(before) : expectedMembers(before, members);
          expect(membersIn(header)).toEqual(expected);
          expect(Buffer.byteLength(header)).toBeLessThanOrEqual(8192);
          expect(expected.length).toBeLessThanOrEqual(180);
        }),
        times(1000),
      );
    },
  );
});

describe("what cannot stand in a header", () => {
  it.each(["p=1", "p", "", "p\nq", "é", "👾", "p,sentry-trace_id=other", "p,x=1"])(
    "is not written from the metadata %j of a member",
    (text) => {
      const metadata = baggageEntryMetadataFromString(text);
      const baggage = propagation.createBaggage({ a: { value: "1", metadata } });
      const [first, ...others] = membersIn(inject(ours, baggage));
      expect(first).toBe(/^[\w=]*$/.test(text) ? `a=1;${text}` : "a=1");
      expect(others).toEqual(DSC_TEXTS);
    },
  );

  it("is left out of the members of a list: what is empty takes no place of another", () => {
    const header = inject(ours, undefined, { baggage: `${",".repeat(300)}x=1` });
    expect(membersIn(header)).toEqual(["x=1", ...DSC_TEXTS]);
  });

  it("makes room for ours: stale ones of the vendor's take no place", () => {
    const stale = Array.from({ length: 20 }, (_, index) => `sentry-old${index}=1`);
    const foreign = textsOf(foreignBaggage(170, 2000));
    const header = inject(ours, undefined, { baggage: [...stale, ...foreign].join(",") });
    expect(membersIn(header)).toEqual([...foreign, ...DSC_TEXTS]);
  });
});
