import { types } from "node:util";

import { noteWarning } from "./observation.js";
import { duringOwnCall, ownCall } from "./own-call.js";
import { reportSetupFault } from "./setup-faults.js";
import type { FaultOptions } from "./setup-faults.js";

/** Receives the package's messages. OTel's `diag` implements it. */
export interface DiagnosticsLogger {
  warn(message: string, ...details: unknown[]): void;
  debug(message: string, ...details: unknown[]): void;
}

/**
 * Reports problems of one client. No method throws. A message that is reported while another one is being written is
 * dropped: a logger whose own output is captured would otherwise cause messages without end.
 *
 * A kind is written in kebab-case. A kind that is reported once per subject is `kind:subject`, such as `hook:beforeSend`.
 */
export interface Diagnostics {
  /**
   * Logs a warning once per kind of problem; repeats are only counted. A message that takes time to build is a function.
   */
  warnOnce(kind: string, message: string | (() => string), cause?: unknown): void;
  /**
   * Reports a set-up fault, which corrupts or loses data: once per process and kind, on standard error if no logger is
   * registered. Repeats are only counted.
   */
  faultOnce(kind: string, message: string, cause?: unknown): void;
  debug(message: string, cause?: unknown): void;
  /** Returns how often each kind was reported. */
  counts(): Readonly<Record<string, number>>;
}

type Log = (message: string, ...details: unknown[]) => void;

const PREFIX = "otel-sentry-bridge:";

/** Creates the diagnostics of one client. `logger` is OTel's `diag` in production. */
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
      if (!isFirst(kind)) return;
      const text = typeof message === "string" ? message : message();
      noteWarning(kind, text, cause);
      tell((...args) => logger.warn(...args), text, cause);
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

/** The result of a callback of the application, or the fact that it threw. */
export type CallbackResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/** A callback of the application, as a message describes it. */
export interface CallbackName {
  readonly name: string;
  /** States what happens if the callback fails, such as `the event was dropped`. */
  readonly effect: string;
}

/** Runs a callback of the application. If it throws, warns once per `name` and returns no result. */
export function guardCallback<T>(
  diagnostics: Diagnostics,
  { name, effect }: CallbackName,
  run: () => T,
): CallbackResult<T> {
  try {
    const value = run();
    // Callbacks are meant to be synchronous. If one returns a promise, its rejection must not end the process.
    if (types.isPromise(value)) void Promise.prototype.then.call(value, undefined, () => undefined);
    return { ok: true, value };
  } catch (error) {
    diagnostics.warnOnce(`callback:${name}`, `\`${name}\` threw an error: ${effect}`, error);
    return { ok: false };
  }
}

/**
 * Reports that a hook returned a promise although its result is needed synchronously. This is a set-up fault: the hook
 * has no effect, so data that it should remove is sent. `effect` describes what happens instead.
 */
export function reportAsyncHook(diagnostics: Diagnostics, name: string, effect: string): void {
  diagnostics.faultOnce(
    `async:${name}`,
    `\`${name}\` returned a promise, and its result is ignored: ${effect}. Make the function synchronous: remove \`async\` and return the result directly`,
  );
}

// A logger is application code: its failures must not affect the pipeline.
function tell(log: Log, message: string, cause: unknown): void {
  if (ownCall() === "message") return;
  try {
    duringOwnCall("message", () =>
      cause === undefined ? log(`${PREFIX} ${message}`) : log(`${PREFIX} ${message}`, cause),
    );
  } catch {
    // The logger itself failed, so there is nowhere left to report it.
  }
}
