/** Dynamic sampling context: the `sentry-` members of `baggage` without the prefix, all strings. */
export type DynamicSamplingContext = Readonly<Record<string, string>>;

/** What an incoming request says about the trace it continues. */
export interface IncomingTrace {
  readonly traceId: string;
  /** The sender's decision; absent when it left the decision to us. */
  readonly sampled: boolean | undefined;
  /** Frozen as it came; `undefined` when the sender spoke W3C only, `{}` when it sent no members. */
  readonly dsc: DynamicSamplingContext | undefined;
}
