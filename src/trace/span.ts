import type { SpanContext } from "@opentelemetry/api";
import { createHash } from "node:crypto";

/** OTel span kinds by number (`SpanKind` of the API), so that no OTel value is imported here. */
export const SPAN_KIND = { INTERNAL: 0, SERVER: 1, CLIENT: 2, PRODUCER: 3, CONSUMER: 4 } as const;

/** OTel status codes by number (`SpanStatusCode` of the API). */
export const STATUS_CODE = { UNSET: 0, OK: 1, ERROR: 2 } as const;

/** Attribute values by key; with API 1.10 a value may be anything. */
export type AttributeBag = Readonly<Record<string, unknown>>;

/** Tells attributes from what a span that is made by hand may have: a text, a list or bytes, of which each place is a key. */
export function isBag(attributes: AttributeBag): boolean {
  return (
    typeof attributes === "object" && !Array.isArray(attributes) && !ArrayBuffer.isView(attributes)
  );
}

/** What the semantic tables read of a span. */
export interface SpanView {
  readonly name: string;
  readonly kind: number;
  readonly attributes: AttributeBag;
}

/** The attributes of the process that made a span. */
export interface ResourceView {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Attributes are still being detected: reading `attributes` would log an error. */
  readonly asyncAttributesPending?: boolean | undefined;
  /** Pairs of a key and a value, or the promise of one. */
  getRawAttributes?(): readonly (readonly [key: string, value: unknown])[];
  waitForAsyncAttributes?(): Promise<void>;
}

/** Seconds and nanoseconds, as OTel's `HrTime`. */
export type HighResolutionTime = readonly [seconds: number, nanos: number];

/** Identity of a span, as OTel's `SpanContext`. */
export interface SpanIdentity {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote?: boolean | undefined;
}

/** A reference from one span to another. */
export interface SpanLink {
  readonly context: SpanIdentity;
  readonly attributes?: AttributeBag | undefined;
}

/** Something that happened during a span. */
export interface SpanEvent {
  readonly name: string;
  readonly time: HighResolutionTime;
  readonly attributes?: AttributeBag | undefined;
}

/** Attributes of the process that made a span, as OTel's `Resource`. */
export interface SpanResource {
  readonly attributes: AttributeBag;
  readonly asyncAttributesPending?: boolean | undefined;
  getRawAttributes?(): readonly (readonly [key: string, value: unknown])[];
  waitForAsyncAttributes?(): Promise<void>;
}

/** The fields of a span that are read here: `ReadableSpan` of the OTel SDKs 2.x and 3.x fits. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: number;
  spanContext(): SpanIdentity;
  readonly parentSpanContext?: SpanIdentity | undefined;
  readonly startTime: HighResolutionTime;
  readonly endTime: HighResolutionTime;
  readonly status: { readonly code: number; readonly message?: string | undefined };
  readonly attributes: AttributeBag;
  readonly links: readonly SpanLink[];
  readonly events: readonly SpanEvent[];
  readonly resource: SpanResource;
  readonly instrumentationScope: { readonly name: string; readonly version?: string | undefined };
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/**
 * The id of a span's parent in this process; `undefined` for a local root. An id that names no span, such as
 * the zeros that some exporters and converters write, is no parent: the SDK begins a trace there, too.
 */
export function localParentId({
  parentSpanContext: parent,
}: Pick<FinishedSpan, "parentSpanContext">): string | undefined {
  return parent?.isRemote !== true && namesSpan(parent?.spanId) ? parent.spanId : undefined;
}

/** What is read of a span that starts: the OTel SDKs' `Span` fits. */
export interface StartedSpan {
  readonly name: string;
  readonly kind: number;
  readonly attributes: AttributeBag;
  readonly resource?: ResourceView | undefined;
  readonly parentSpanContext?: SpanContext | undefined;
  spanContext(): SpanContext;
}

// OTel's SDK keeps 128 unless told otherwise.
const MAX_EVENTS = 1000;

const NONE: readonly SpanEvent[] = Object.freeze([]);

/** Whether a span has any events: few have. */
export function hasEvents({ events }: { readonly events?: unknown }): boolean {
  return Array.isArray(events) && events.length > 0;
}

/** The events of a span, also of one that was made by hand: what is no event is left out. */
export function eventsOf({ events }: { readonly events?: unknown }): readonly SpanEvent[] {
  if (!Array.isArray(events) || events.length === 0) return NONE;
  const newest: readonly unknown[] =
    events.length > MAX_EVENTS ? events.slice(-MAX_EVENTS) : events;
  return newest.filter((event): event is SpanEvent => typeof event === "object" && event !== null);
}

const TRACE_ID_LENGTH = 32;
const SPAN_ID_LENGTH = 16;

// 1 at the codes of lower-case hexadecimal digits. A look-up for each character takes half the time
// of the regular expression that says the same (25 ns against 55), and there are three ids per span.
const IS_HEX = new Uint8Array(0x1_00_00);
for (const digit of "0123456789abcdef") IS_HEX[digit.charCodeAt(0)] = 1;

/** A trace id that Relay accepts: the given one, or one that is derived from it. */
export function validTraceId(id: string): string {
  return isValidId(id, TRACE_ID_LENGTH) ? id : derivedId(id, TRACE_ID_LENGTH);
}

/** A span id that Relay accepts: the given one, or one that is derived from it. */
export function validSpanId(id: string): string {
  return isValidId(id, SPAN_ID_LENGTH) ? id : derivedId(id, SPAN_ID_LENGTH);
}

/** Tells whether an id names a span by OpenTelemetry's rule: 16 hexadecimal digits of any case, not all zeros. */
export function namesSpan(id: unknown): id is string {
  return typeof id === "string" && isValidId(id.toLowerCase(), SPAN_ID_LENGTH);
}

function isValidId(id: string, length: number): boolean {
  if (typeof id !== "string" || id.length !== length) return false;
  let isHex = 1;
  for (let index = 0; index < length; index++) isHex &= IS_HEX[id.charCodeAt(index)] ?? 0;
  return isHex === 1 && !(id.startsWith("00000000") && /^0+$/.test(id));
}

// Derived, not random: a parent and the children that name it get the same id, on either side of a
// partial flush. Upper-case hex, as some id generators write it, is only lowered.
function derivedId(id: unknown, length: number): string {
  const lowered = String(id).toLowerCase();
  if (isValidId(lowered, length)) return lowered;
  return createHash("sha256").update(lowered).digest("hex").slice(0, length);
}
