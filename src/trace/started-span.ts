import type { SpanContext } from "@opentelemetry/api";

import type { ResourceView, AttributeBag } from "./span-view.js";

/** What is read of a span that starts: the OTel SDKs' `Span` fits. */
export interface StartedSpan {
  readonly name: string;
  readonly kind: number;
  readonly attributes: AttributeBag;
  readonly resource?: ResourceView | undefined;
  readonly parentSpanContext?: SpanContext | undefined;
  spanContext(): SpanContext;
}
