import { TraceFlags, isSpanContextValid, trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

const nothing = (): void => undefined;
const done = (): Promise<void> => Promise.resolve();

class InertProcessor {
  readonly forceFlush: () => Promise<void> = done;
  readonly shutdown: () => Promise<void> = done;
}

/** A `SpanProcessor` that does nothing. */
export class SentrySpanProcessor extends InertProcessor {
  readonly onStart: () => void = nothing;
  readonly onEnd: () => void = nothing;
}

/** A `LogRecordProcessor` that does nothing. */
export class SentryLogRecordProcessor extends InertProcessor {
  readonly onEmit: () => void = nothing;
}

/** A `SpanExporter` that reports success and sends nothing. */
export class SentrySpanExporter extends InertProcessor {
  /** Calls back with success (code 0). */
  export(_spans: unknown, resultCallback: (result: { readonly code: 0 }) => void): void {
    resultCallback({ code: 0 });
  }
}

/** A `TextMapPropagator` that reads and writes no headers. */
export class SentryPropagator {
  readonly inject: () => void = nothing;
  readonly extract = (ctx: Context): Context => ctx;
  readonly fields = (): string[] => [];
}

/**
 * A `Sampler` that follows the parent and otherwise samples, as OpenTelemetry does by default: refusing here would also
 * refuse the trace in the services that are called.
 */
export class SentrySampler {
  /** Returns the decision: 0 does not record, 2 records and samples. */
  shouldSample(ctx: Context): { readonly decision: 0 | 2 } {
    const parent = trace.getSpanContext(ctx);
    if (parent === undefined || !isSpanContextValid(parent)) return { decision: 2 };
    return { decision: (parent.traceFlags & TraceFlags.SAMPLED) === 0 ? 0 : 2 };
  }

  /** Name of the sampler, for those who print a provider's configuration. */
  toString(): string {
    return "SentrySampler";
  }
}
