/**
 * What an event of a span, or a client span that is not sent with its segment, leaves for the breadcrumbs
 * of later error events. Only references: the breadcrumb is made when an event asks for it, which few units
 * ever do.
 */
export interface SpanCrumb {
  readonly name: string;
  /** Kind of the span; undefined for an event. */
  readonly kind: number | undefined;
  /** Seconds and nanoseconds: the end of the span, the time of the event. */
  readonly time: readonly [seconds: number, nanos: number];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly hasFailed: boolean;
}
