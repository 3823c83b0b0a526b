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
