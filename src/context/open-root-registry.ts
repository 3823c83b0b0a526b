import type { SpanIdentity } from "../trace/span.js";
import { OpenRoots } from "./open-roots.js";
import type { OpenRoot } from "./open-roots.js";
import { unitOfSpan } from "./span-slots.js";

// Shared by all processors and all copies of the package: which unit holds must not depend on them.
const SLOT = Symbol.for("otel-sentry-bridge.open-roots.v1");

const carrier: typeof globalThis & { [SLOT]?: OpenRoots } = globalThis;

/** The open local roots of the process. */
export const openRoots: OpenRoots = (carrier[SLOT] ??= new OpenRoots());

/** A span of which the ids are read. */
export interface IdentifiedSpan {
  spanContext(): SpanIdentity;
}

/** Tells whether the ids of a span can be read. */
export function isIdentified(span: object): span is IdentifiedSpan {
  return "spanContext" in span && typeof span.spanContext === "function";
}

/**
 * The open root of a span that is known by its ids alone, as `trace.setSpanContext` makes it. `undefined` for spans
 * that a processor has seen start, for remote ones, and where no root of the trace is open.
 */
export function rootByIds(span: IdentifiedSpan): OpenRoot | undefined {
  return unitOfSpan(span) === undefined ? openRoots.find(span.spanContext()) : undefined;
}
