/** Where the name of a transaction comes from, as `transaction_info.source` has it. */
export type TransactionSource = "custom" | "url" | "route" | "view" | "component" | "task";

/** Span data that was derived from other attributes. An attribute of the same name wins over it. */
export type InferredData = Readonly<Record<string, string | number>>;

/** What Sentry calls a span, derived from its OTel name, kind and attributes. */
export interface Inference {
  /** Sentry's operation, such as `http.server`; undefined when no table knows the span. */
  readonly op: string | undefined;
  /** The span's description, and the transaction's name when the span is the root of one. */
  readonly description: string;
  readonly source: TransactionSource;
  /** Undefined when there is nothing to add. */
  readonly data: InferredData | undefined;
}
