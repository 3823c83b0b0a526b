import { SpanKind } from "@opentelemetry/api";
import fc from "fast-check";
import type { Arbitrary } from "fast-check";

import { DEFER_WAYS } from "./syntax.js";
import type { Block, DeferWay, Node, Request, Sleep, SpanNode, Write } from "./syntax.js";

const millis = fc.integer({ min: 0, max: 6 });

const sleep: Arbitrary<Sleep> = fc.record({
  type: fc.constant("sleep"),
  how: fc.constantFrom(
    "timer",
    "timer",
    "timer",
    "immediate",
    "tick",
    "microtask",
    "thenable",
    "event",
    "elsewhere",
  ),
  millis,
});

const write: Arbitrary<Write> = fc.record({
  type: fc.constant("write"),
  what: fc.constantFrom("user", "tag", "tag", "untag", "crumb", "crumb", "context", "overlay"),
  key: fc.integer({ min: 0, max: 3 }),
});

const outside: Arbitrary<Node> = fc.record({
  type: fc.constant("outside"),
  write: fc.record({
    type: fc.constant("write"),
    what: fc.constantFrom("user", "tag", "untag", "context"),
    key: fc.integer({ min: 0, max: 3 }),
  }),
});

const capture: Arbitrary<Node> = fc.record({
  type: fc.constant("capture"),
  what: fc.constantFrom("error", "message"),
});

const failure: Arbitrary<Node> = fc.constant({ type: "throw" });
const flush: Arbitrary<Node> = fc.constant({ type: "flush" });

const rarely = (percent: number): Arbitrary<boolean> =>
  fc.integer({ min: 0, max: 99 }).map((drawn) => drawn >= 100 - percent);

const kinds = fc.constantFrom(
  SpanKind.INTERNAL,
  SpanKind.INTERNAL,
  SpanKind.CLIENT,
  SpanKind.SERVER,
  SpanKind.CONSUMER,
  SpanKind.PRODUCER,
);

/** How wild a program may be. */
export interface Wildness {
  /** Whether what runs may depend on the time: errors, aborts, flushes. */
  readonly steady: boolean;
}

/** Programs; all of a run are to be run together. */
export function programs(wildness: Wildness = { steady: false }): Arbitrary<Block> {
  // Without fast-check's bias, which would make most programs tiny: concurrency needs some size.
  return fc.noBias(
    fc.letrec<{ block: Block; body: Block; node: Node; span: SpanNode; request: Request }>(
      (tie) => {
        const body = tie("body");
        const span: Arbitrary<SpanNode> = fc.record({
          type: fc.constant("span"),
          mode: fc.constantFrom("active", "active", "active", "inactive"),
          kind: kinds,
          ends: fc.constantFrom("after", "after", "after", "after", "before", "late"),
          root: rarely(5),
          ignored: rarely(4),
          dropped: rarely(20),
          second: rarely(5),
          records: fc.boolean(),
          body,
        });
        const root: Arbitrary<SpanNode> = span.chain((drawn) =>
          fc
            .constantFrom<SpanKind[]>(SpanKind.SERVER, SpanKind.CONSUMER)
            .map((kind) => ({ ...drawn, kind, mode: "active", root: false })),
        );
        const request: Arbitrary<Request> = fc.record({
          type: fc.constant("request"),
          via: fc.constantFrom("sentry", "sentry", "sentry", "w3c", "none"),
          headers: fc.constantFrom(
            "none",
            "sentry-deferred",
            "sentry-sampled",
            "sentry-sampled",
            "sentry-unsampled",
            "w3c-sampled",
            "w3c-unsampled",
          ),
          baggage: fc.boolean(),
          before: fc.array(write, { maxLength: 2 }),
          root,
          again: fc.oneof(
            { weight: 4, arbitrary: fc.constant(undefined) },
            { weight: 1, arbitrary: root },
          ),
        });
        return {
          body: fc.array(tie("node"), {
            minLength: 1,
            maxLength: 4,
            size: "max",
            depthIdentifier: "node",
          }),
          block: fc.array(tie("node"), {
            minLength: 2,
            maxLength: 6,
            size: "max",
            depthIdentifier: "node",
          }),
          span,
          request,
          node: fc.oneof(
            { depthIdentifier: "node", maxDepth: 6, depthSize: "max" },
            { weight: 6, arbitrary: sleep },
            { weight: 6, arbitrary: write },
            { weight: 2, arbitrary: capture },
            { weight: 1, arbitrary: outside },
            // Whether the segment is still open is a matter of time.
            ...(wildness.steady ? [] : [{ weight: 3, arbitrary: underIds }]),
            { weight: 2, arbitrary: reread(body) },
            ...(wildness.steady ? [] : [{ weight: 1, arbitrary: failure }]),
            { weight: 12, arbitrary: span },
            { weight: 3, arbitrary: request },
            { weight: 5, arbitrary: par(body, wildness) },
            { weight: 3, arbitrary: race(span) },
            { weight: 4, arbitrary: nested(body) },
            { weight: 5, arbitrary: elsewhere(body) },
            ...(wildness.steady ? [] : [{ weight: 3, arbitrary: failing(body) }]),
          ),
        };
      },
    ).block,
  );
}

function reread(body: Arbitrary<Block>): Arbitrary<Node> {
  return fc.record({
    type: fc.constant("reread"),
    names: fc.constantFrom("nothing", "sender", "span"),
    body,
  });
}

// Nothing in it outlives the body, because a segment that is complete is not found any more.
const underIds: Arbitrary<Node> = fc.letrec<{ node: Node; byIds: Node; body: Block }>((tie) => ({
  body: fc.array(tie("node"), { minLength: 1, maxLength: 3, size: "max", depthIdentifier: "ids" }),
  byIds: fc.record({
    type: fc.constant("byIds"),
    base: fc.constantFrom("context", "root"),
    body: tie("body"),
  }),
  node: fc.oneof(
    { depthIdentifier: "ids", maxDepth: 3, depthSize: "max" },
    { weight: 3, arbitrary: write },
    { weight: 2, arbitrary: sleep },
    { weight: 1, arbitrary: capture },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant("span"),
        mode: fc.constant("active"),
        kind: kinds,
        ends: fc.constant("after"),
        root: rarely(5),
        ignored: fc.constant(false),
        dropped: rarely(20),
        second: rarely(10),
        records: fc.boolean(),
        body: tie("body"),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant("fork"),
        how: fc.constantFrom("context", "wrapper"),
        body: tie("body"),
      }),
    },
    { weight: 2, arbitrary: tie("byIds") },
  ),
})).byIds;

function par(body: Arbitrary<Block>, { steady }: Wildness): Arbitrary<Node> {
  return fc.record({
    type: fc.constant("par"),
    mode: steady ? fc.constant("all") : fc.constantFrom("all", "allSettled"),
    branches: fc.array(body, { minLength: 2, maxLength: 4, size: "max" }),
  });
}

// Spans that all start at once, and end when their timers say so.
function race(span: Arbitrary<SpanNode>): Arbitrary<Node> {
  const branch: Arbitrary<Block> = fc
    .tuple(span, sleep)
    .map(([drawn, before]) => [
      { ...drawn, root: false, body: [{ ...before, how: "timer" }, ...drawn.body.slice(0, 1)] },
    ]);
  return fc.record({
    type: fc.constant("par"),
    mode: fc.constant("allSettled"),
    branches: fc.array(branch, { minLength: 3, maxLength: 4, size: "max" }),
  });
}

function nested(body: Arbitrary<Block>): Arbitrary<Node> {
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant("fork"),
        how: fc.constantFrom("context", "wrapper"),
        body,
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("overlay"), body }) },
  );
}

const ways: Arbitrary<DeferWay> = fc.constantFrom(...DEFER_WAYS);

function elsewhere(body: Arbitrary<Block>): Arbitrary<Node> {
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant("defer"),
        how: ways,
        millis,
        awaited: fc.boolean(),
        body,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant("callback"),
        via: fc.constantFrom("emitter", "pool", "socket"),
        bound: fc.boolean(),
        body,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant("generator"),
        bound: fc.boolean(),
        here: body,
        there: body,
      }),
    },
  );
}

function failing(body: Arbitrary<Block>): Arbitrary<Node> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ type: fc.constant("attempt"), body }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("abort"), millis, body }) },
    { weight: 1, arbitrary: flush },
  );
}
