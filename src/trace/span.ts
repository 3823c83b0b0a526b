import type { SpanContext } from "@opentelemetry/api";
import { nodeCrypto } from "../support/built-ins.js";

/** OTel span kinds by number (`SpanKind` of the API), so that this folder imports no values of OpenTelemetry. */
export const SPAN_KIND = { INTERNAL: 0, SERVER: 1, CLIENT: 2, PRODUCER: 3, CONSUMER: 4 } as const;

/** OTel status codes by number (`SpanStatusCode` of the API). */
export const STATUS_CODE = { UNSET: 0, OK: 1, ERROR: 2 } as const;

/** Attribute values by key. Since API 1.10 a value may be of any type. */
export type AttributeBag = Readonly<Record<string, unknown>>;

/**
 * Returns false if `attributes` of a hand-made span are not a plain object: the indexes of a string, an array or bytes
 * would be read as keys.
 */
export function isAttributeBag(attributes: AttributeBag): boolean {
  return (
    typeof attributes === "object" && !Array.isArray(attributes) && !ArrayBuffer.isView(attributes)
  );
}

/** The description of a span, from which op, Sentry's description and source are inferred, and by which a root is sampled. */
export interface SpanDescription {
  readonly name: string;
  /** Span kind as a number (`SpanKind` of the OpenTelemetry API). */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Attributes of the process that made a span, as OTel's `Resource`. */
export interface ResourceView {
  readonly attributes: AttributeBag;
  /** True while attributes are still being detected; reading `attributes` would then log an error. */
  readonly asyncAttributesPending?: boolean | undefined;
  /** Pairs of a key and its value; the value may be a promise. */
  getRawAttributes?(): readonly (readonly [key: string, value: unknown])[];
  waitForAsyncAttributes?(): Promise<void>;
}

/** Seconds and nanoseconds, as OTel's `HrTime`. */
export type HighResolutionTime = readonly [seconds: number, nanos: number];

/** A reference from one span to another. */
export interface SpanLink {
  readonly context: SpanContext;
  readonly attributes?: AttributeBag | undefined;
}

/** Something that happened during a span. */
export interface SpanEvent {
  readonly name: string;
  readonly time: HighResolutionTime;
  readonly attributes?: AttributeBag | undefined;
}

/** A span of which only the ids are known: a span of any SDK, or one that `trace.setSpanContext` put into a context. */
export interface IdentifiedSpan {
  spanContext(): SpanContext;
  /** Set by spans of the OTel SDKs; undefined for a root. */
  readonly parentSpanContext?: SpanContext | undefined;
}

/** The fields of a started span that the package reads: `Span` of the OTel SDKs 2.x and 3.x fits. */
export interface StartedSpan extends IdentifiedSpan, SpanDescription {
  readonly resource?: ResourceView | undefined;
}

/** The fields of an ended span that the package reads in addition: `ReadableSpan` of the OTel SDKs 2.x and 3.x fits. */
export interface FinishedSpan extends StartedSpan {
  readonly startTime: HighResolutionTime;
  readonly endTime: HighResolutionTime;
  readonly status: { readonly code: number; readonly message?: string | undefined };
  readonly links: readonly SpanLink[];
  readonly events: readonly SpanEvent[];
  readonly resource: ResourceView;
  readonly instrumentationScope: { readonly name: string; readonly version?: string | undefined };
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/**
 * Returns the id of a span's parent in this process; `undefined` for a local root. A parent id that is invalid, such as
 * the zeros that some exporters and converters write, counts as no parent: the SDK starts a new trace there, too.
 */
export function localParentId({
  parentSpanContext: parent,
}: Pick<IdentifiedSpan, "parentSpanContext">): string | undefined {
  return parent?.isRemote !== true && isOtelSpanId(parent?.spanId) ? parent.spanId : undefined;
}

// OTel's SDK keeps at most 128 by default.
const MAX_EVENTS = 1000;

const NO_EVENTS: readonly SpanEvent[] = Object.freeze([]);

/** Returns true if the span has a method `spanContext`. */
export function isIdentified(span: object): span is IdentifiedSpan {
  return "spanContext" in span && typeof span.spanContext === "function";
}

/** Tells whether a span has events. Cheap, because most spans have none. */
export function hasEvents({ events }: { readonly events?: unknown }): boolean {
  return Array.isArray(events) && events.length > 0;
}

/** Returns the newest 1000 events of a span. Entries of a hand-made span that are not objects are left out. */
export function eventsOf({ events }: { readonly events?: unknown }): readonly SpanEvent[] {
  if (!Array.isArray(events) || events.length === 0) return NO_EVENTS;
  const newest: readonly unknown[] =
    events.length > MAX_EVENTS ? events.slice(-MAX_EVENTS) : events;
  return newest.filter((event): event is SpanEvent => typeof event === "object" && event !== null);
}

const TRACE_ID_LENGTH = 32;
const SPAN_ID_LENGTH = 16;

// 1 at the character codes of lower-case hexadecimal digits. Looking up each character in a table takes half the time
// of the equivalent regular expression (25 ns instead of 55 ns), and each span has three ids.
const IS_HEX = new Uint8Array(0x1_00_00);
for (const digit of "0123456789abcdef") IS_HEX[digit.charCodeAt(0)] = 1;

/** Returns a trace id that Relay accepts: the given one, or one derived from it. */
export function validTraceId(id: string): string {
  return isValidId(id, TRACE_ID_LENGTH) ? id : derivedId(id, TRACE_ID_LENGTH);
}

/** Returns a span id that Relay accepts: the given one, or one derived from it. */
export function validSpanId(id: string): string {
  return isValidId(id, SPAN_ID_LENGTH) ? id : derivedId(id, SPAN_ID_LENGTH);
}

/** Tells whether a span id is valid by OpenTelemetry's rule: 16 hexadecimal digits in any case, not all zeros. */
export function isOtelSpanId(id: unknown): id is string {
  return typeof id === "string" && isValidId(id.toLowerCase(), SPAN_ID_LENGTH);
}

function isValidId(id: string, length: number): boolean {
  if (typeof id !== "string" || id.length !== length) return false;
  let isHex = 1;
  for (let index = 0; index < length; index++) isHex &= IS_HEX[id.charCodeAt(index)] ?? 0;
  return isHex === 1 && !(id.startsWith("00000000") && /^0+$/.test(id));
}

// Derived instead of random: a parent and the children that refer to it get the same id, even in different transactions
// of a partial flush. Upper-case hex, which some id generators write, is only converted to lower case.
function derivedId(id: unknown, length: number): string {
  const lowered = String(id).toLowerCase();
  if (isValidId(lowered, length)) return lowered;
  return nodeCrypto().createHash("sha256").update(lowered).digest("hex").slice(0, length);
}
