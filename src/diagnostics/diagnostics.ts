/** Where the bridge tells about itself; the shape of an OTel `DiagLogger`, so that `diag` fits. */
export interface DiagnosticsLogger {
  warn(message: string, ...details: unknown[]): void;
  debug(message: string, ...details: unknown[]): void;
}

/** What the parts are given to report trouble. None of the methods throws. */
export interface Diagnostics {
  /** Reports a kind of trouble once; repeats are counted and go to `debug`. */
  warnOnce(kind: string, message: string, cause?: unknown): void;
  debug(message: string, cause?: unknown): void;
  /** How often each kind was reported. */
  counts(): Readonly<Record<string, number>>;
}

type Log = (message: string, ...details: unknown[]) => void;

const PREFIX = "otel-sentry-bridge:";

/** Builds the diagnostics of one client over a logger (OTel's `diag` in production). */
export function createDiagnostics(logger: DiagnosticsLogger): Diagnostics {
  const counts = new Map<string, number>();

  return {
    warnOnce(kind, message, cause) {
      const seen = counts.get(kind) ?? 0;
      counts.set(kind, seen + 1);
      tell(
        (...args) => (seen === 0 ? logger.warn(...args) : logger.debug(...args)),
        message,
        cause,
      );
    },
    debug(message, cause) {
      tell((...args) => logger.debug(...args), message, cause);
    },
    counts: () => Object.fromEntries(counts),
  };
}

/** What a callback of the application returned, unless it threw. */
export type CallbackResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/** Runs the user's callback; what it throws becomes one diagnostic and no result. */
export function guardCallback<T>(
  diagnostics: Diagnostics,
  name: string,
  run: () => T,
): CallbackResult<T> {
  try {
    const value = run();
    // Callbacks are synchronous. One that is not must not end the process when it rejects.
    if (value instanceof Promise) value.catch(() => undefined);
    return { ok: true, value };
  } catch (error) {
    diagnostics.warnOnce(`callback:${name}`, `\`${name}\` threw; its result is left out`, error);
    return { ok: false };
  }
}

// A logger is the user's code: it must not be able to harm the pipeline.
function tell(log: Log, message: string, cause: unknown): void {
  try {
    if (cause === undefined) log(`${PREFIX} ${message}`);
    else log(`${PREFIX} ${message}`, cause);
  } catch {
    // Nowhere left to tell it.
  }
}
