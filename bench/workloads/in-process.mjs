// Requests of one SERVER root with 20 CLIENT children, for cases that take turns in one process.
import { ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";

import { saturated } from "../harness/load.mjs";
import { request } from "./repeat.mjs";

const CHILDREN = 20;

/** Spans of a request. */
export const SPANS = CHILDREN + 1;

const CHILD = {
  kind: SpanKind.CLIENT,
  attributes: { "db.system.name": "postgresql", "db.query.text": "SELECT 1" },
};

/**
 * Two workloads: requests without an `await`, one after the other, whose cost varies least; and those of the `repeat` workload,
 * 20 at a time, whose spans are active. For a tracer, each returns a function that makes a number of requests. `startRoot` starts
 * the root of a request without an `await`.
 */
export function inProcessWorkloads(startRoot) {
  return {
    "in one go": (tracer) => (count) => {
      for (let number = 0; number < count; number++) {
        const root = startRoot(tracer, number);
        const inRoot = trace.setSpan(ROOT_CONTEXT, root);
        for (let child = 0; child < CHILDREN; child++)
          tracer.startSpan("SELECT orders", CHILD, inRoot).end();
        root.end();
      }
    },
    repeat: (tracer) => {
      let number = 0;
      return (count) => saturated(() => request(tracer, number++), count);
    },
  };
}
