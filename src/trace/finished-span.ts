import type { AttributeBag } from "./span-view.js";
import { namesSpan } from "./ids.js";

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
