import { randomBytes } from "node:crypto";

import type { Unit } from "./unit.js";

/** Ids for what comes up outside of all traces (protocol: propagation context). */
export interface UnitTrace {
  readonly traceId: string;
  readonly spanId: string;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

const traces = new WeakMap<Unit, UnitTrace>();

/** The same ids for all that comes up in one unit of work where no span is active. */
export function traceOfUnit(unit: Unit): UnitTrace {
  const known = traces.get(unit);
  if (known !== undefined) return known;
  const trace = {
    traceId: randomBytes(TRACE_ID_BYTES).toString("hex"),
    spanId: randomBytes(SPAN_ID_BYTES).toString("hex"),
  };
  traces.set(unit, trace);
  return trace;
}
