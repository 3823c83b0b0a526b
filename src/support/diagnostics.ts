import { types } from "node:util";

import { duringOwnCall, ownCall } from "./own-call.js";
import { reportSetupFault } from "./setup-faults.js";
import type { FaultOptions } from "./setup-faults.js";

/** Receives the package's messages; has the shape of an OTel `DiagLogger`, so that `diag` fits. */
export interface DiagnosticsLogger {
  warn(message: string, ...details: unknown[]): void;
  debug(message: string, ...details: unknown[]): void;
}

/**
 * Reports problems of one client. None of the methods throws. A message that arises while another is being written is not
 * written: a logger that captures would get one for each of its own.
 */
export interface Diagnostics {
  /** Reports a kind of problem once, to the logger; repeats are counted only. */
  warnOnce(kind: string, message: string, cause?: unknown): void;
  /**
   * Reports a fault in the set-up that makes data wrong or loses it: once per process and kind, and on standard error
   * where no logger is registered. Repeats are counted only.
   */
  faultOnce(kind: string, message: string, cause?: unknown): void;
  debug(message: string, cause?: unknown): void;
  /** How often each kind was reported. */
  counts(): Readonly<Record<string, number>>;
}

type Log = (message: string, ...details: unknown[]) => void;

const PREFIX = "otel-sentry-bridge:";

/** Builds the diagnostics of one client over a logger (OTel's `diag` in production). */
export function createDiagnostics(
  logger: DiagnosticsLogger,
  faults: Pick<FaultOptions, "isDebug" | "isSilent"> = {},
): Diagnostics {
  const counts = new Map<string, number>();
  const isFirst = (kind: string): boolean => {
    const seen = counts.get(kind) ?? 0;
    counts.set(kind, seen + 1);
    return seen === 0;
  };

  return {
    warnOnce(kind, message, cause) {
      if (isFirst(kind)) tell((...args) => logger.warn(...args), message, cause);
    },
    faultOnce(kind, message, cause) {
      if (isFirst(kind)) reportSetupFault(kind, message, { ...faults, cause });
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
    if (types.isPromise(value)) void Promise.prototype.then.call(value, undefined, () => undefined);
    return { ok: true, value };
  } catch (error) {
    diagnostics.warnOnce(`callback:${name}`, `\`${name}\` threw; its result is left out`, error);
    return { ok: false };
  }
}

/**
 * Reports a hook that returned a promise although its result is needed at once, which means that it has no effect: what
 * it is to remove is sent. A fault in the set-up. `effect` says what happens instead.
 */
export function reportAsyncHook(diagnostics: Diagnostics, name: string, effect: string): void {
  diagnostics.faultOnce(
    `async:${name}`,
    `\`${name}\` returned a promise, and its result is ignored: ${effect}. It must be synchronous: remove \`async\`, and return the result itself`,
  );
}

// A logger is the user's code: it must not be able to harm the pipeline.
function tell(log: Log, message: string, cause: unknown): void {
  if (ownCall() === "message") return;
  try {
    duringOwnCall("message", () =>
      cause === undefined ? log(`${PREFIX} ${message}`) : log(`${PREFIX} ${message}`, cause),
    );
  } catch {
    // Nowhere left to tell it.
  }
}
