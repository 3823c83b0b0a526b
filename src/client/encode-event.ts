import { conformEvent } from "./conform-event.js";
import { copyOfEvent } from "./copy-event.js";
import { reportBrokenRules } from "./value-faults.js";
import { onceFor } from "../support/collections.js";
import { clip } from "../support/text.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { setProperty } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { NormalizeLimits } from "../support/copy-budget.js";

// Characters that are read of an event: almost as many as Sentry accepts bytes, since making it smaller takes another 20 ms. The
// exceptions and contexts come before its extra and breadcrumbs.
const MAX_LENGTH = 1_000_000;

// Values that are read of an event.
const MAX_NODES = 10_000;

// Values that are read in addition for each span of a transaction: enough for `fitEvent` to remove the least valuable parts
// first.
const PER_SPAN = { length: 2000, nodes: 100 };

const LIMITS = {
  depth: 20,
  breadth: 10_000,
  stringLength: 262_144,
  keyLength: 1024,
  omitUndefined: true,
} as const satisfies Partial<NormalizeLimits>;

/**
 * Encodes an event that the application may have changed. Repairs values that break Relay's rules, and logs a
 * diagnostic for each rule. Values that are too large or not representable in JSON become strings such as `[Circular
 * ~]`. Throws what getters of the event throw. `spans` is the number of spans that a transaction had before; without it, the event is
 * an error.
 */
export function encodeConformed(event: object, diagnostics: Diagnostics, spans?: number): string {
  const before = spans ?? 0;
  // Copied first, because the rules read each value several times.
  const limits = {
    totalLength: MAX_LENGTH + before * PER_SPAN.length,
    nodes: MAX_NODES + before * PER_SPAN.nodes,
  };
  const copy = copyOfEvent(event, { ...LIMITS, ...limits });
  const { event: valid, broken } = conformEvent(Object(copy));
  reportBrokenRules(diagnostics, broken, spans === undefined);
  return jsonOf(valid);
}

// The errors of a request have most of their breadcrumbs in common. Their JSON is that of the copies which events share.
const textOfBreadcrumb = onceFor((breadcrumb: object) => JSON.stringify(breadcrumb));

function jsonOf(event: {
  breadcrumbs?: { readonly values: readonly object[] } | undefined;
}): string {
  const { breadcrumbs } = event;
  if (breadcrumbs === undefined) return JSON.stringify(event);
  event.breadcrumbs = undefined;
  // They follow another field: every event has its id.
  const texts = breadcrumbs.values.map((each) => textOfBreadcrumb(each));
  return `${JSON.stringify(event).slice(0, -1)},"breadcrumbs":{"values":[${texts.join(",")}]}}`;
}

/** Encodes an event with well-formed strings and keys, because Relay rejects an event with a lone surrogate. */
export function encodeEvent(event: object): string {
  return JSON.stringify(normalize(event, { ...LIMITS, totalLength: MAX_LENGTH }));
}

/** Maximum size of an event or transaction item, in bytes (protocol: size limits). */
const MAX_ITEM_BYTES = 1_048_576;

const TEXT_LIMITS = [1024, 128];

// The parts of an event or transaction that are removed or cut to make it smaller.
interface LargeEvent {
  breadcrumbs?: unknown;
  extra?: unknown;
  tags?: unknown;
  contexts?: Record<string, unknown>;
  spans?: { data?: object }[];
}

/**
 * Reduces the JSON of an event or transaction to the size that Relay accepts. Removes breadcrumbs and extra first, then
 * cuts long strings, then removes the largest `data` of spans, then tags and all contexts except the trace. Keeps all
 * spans. `bytes` is its size, if that is known: measuring copies a text that was put together.
 */
export function fitEvent(json: string, diagnostics: Diagnostics, bytes?: number): string {
  // A UTF-16 code unit takes at most three bytes in UTF-8.
  if (json.length <= MAX_ITEM_BYTES / 3 || fits(json, bytes)) return json;
  diagnostics.warnOnce(
    "event-size",
    "an event was larger than the 1 MiB that Sentry accepts; breadcrumbs, extra and long texts were cut from it. Attach less data to scopes and events",
  );
  return shrink(JSON.parse(json) as LargeEvent);
}

function shrink(event: LargeEvent): string {
  delete event.breadcrumbs;
  delete event.extra;
  let text = JSON.stringify(event);
  for (const limit of TEXT_LIMITS) {
    if (fits(text)) return text;
    clipTexts(event, limit);
    text = JSON.stringify(event);
  }
  return fits(text) ? text : withoutLargestData(event);
}

// Removing `data` is enough: what remains are at most 1000 spans of a few hundred bytes each.
function withoutLargestData(event: LargeEvent): string {
  const bySize = (event.spans ?? [])
    .map((span) => ({ span, bytes: Buffer.byteLength(JSON.stringify(span.data ?? {})) }))
    .toSorted((a, b) => b.bytes - a.bytes);
  let excess = Buffer.byteLength(JSON.stringify(event)) - MAX_ITEM_BYTES;
  for (const { span, bytes } of bySize) {
    if (excess <= 0) break;
    span.data = {};
    excess -= bytes - 2;
  }
  return excess > 0 ? withTraceOnly(event) : JSON.stringify(event);
}

function withTraceOnly(event: LargeEvent): string {
  const trace = event.contexts?.["trace"];
  delete event.tags;
  event.contexts = trace === undefined ? {} : { trace };
  return JSON.stringify(event);
}

// Cuts the texts of parsed JSON in place. A replacer of `JSON.stringify` takes five times as long.
function clipTexts(value: object, limit: number): void {
  const fields = value as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    const field = fields[key];
    if (typeof field === "string") {
      if (field.length > limit) setProperty(fields, key, clip(field, limit));
    } else if (typeof field === "object" && field !== null) clipTexts(field, limit);
  }
}

function fits(json: string, bytes: number = Buffer.byteLength(json)): boolean {
  return bytes <= MAX_ITEM_BYTES;
}
