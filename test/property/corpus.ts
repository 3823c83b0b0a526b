import { SpanKind } from "@opentelemetry/api";

import { DEFER_WAYS } from "./syntax.js";
import type { Block, Defer, DeferWay, Sleep, SpanNode } from "./syntax.js";

/** A span with the given fields, and else the plainest. */
export function span(fields: Partial<Omit<SpanNode, "type">>): SpanNode {
  return {
    type: "span",
    mode: "active",
    kind: SpanKind.INTERNAL,
    ends: "after",
    root: false,
    ignored: false,
    dropped: false,
    second: false,
    records: false,
    body: [],
    ...fields,
  };
}

const someTime: Sleep = { type: "sleep", how: "timer", millis: 3 };

// A task is started under one span, and runs while another is open.
function crossed(how: DeferWay): Block {
  const task: Defer = { type: "defer", how, millis: 1, awaited: false, body: [span({})] };
  return [
    span({
      body: [
        {
          type: "par",
          mode: "all",
          branches: [[task, someTime], [span({ body: [someTime, someTime] })]],
        },
      ],
    }),
  ];
}

// A task is started under a span, and runs when it has ended.
function deferred(how: DeferWay): Block {
  const task: Defer = {
    type: "defer",
    how,
    millis: 1,
    awaited: false,
    body: [span({ body: [someTime] })],
  };
  return [span({ body: [span({ ends: "before", body: [task] }), someTime] })];
}

// What is thrown in one unit of work is caught in another.
const CAUGHT_OUTSIDE: Block = [
  span({
    body: [
      { type: "write", what: "user", key: 0 },
      {
        type: "attempt",
        body: [
          {
            type: "fork",
            how: "wrapper",
            body: [
              { type: "write", what: "user", key: 0 },
              span({ body: [someTime, { type: "throw" }] }),
            ],
          },
        ],
      },
    ],
  }),
];

/** Programs that chance writes seldom, or never. */
export const CORPUS: readonly Block[] = [
  ...DEFER_WAYS.map(crossed),
  ...DEFER_WAYS.map(deferred),
  CAUGHT_OUTSIDE,
  // More children than one transaction holds.
  [
    span({
      body: [
        { type: "write", what: "user", key: 0 },
        { type: "crowd", count: 1200 },
        { type: "sleep", how: "timer", millis: 1 },
      ],
    }),
  ],
  // The same, with a root that goes before some of them.
  [
    span({
      body: [
        { type: "crowd", count: 1100 },
        { type: "flush" },
        { type: "crowd", count: 1100 },
        {
          type: "defer",
          how: "timer",
          millis: 3,
          awaited: false,
          body: [{ type: "crowd", count: 10 }],
        },
      ],
    }),
  ],
];
