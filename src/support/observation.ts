import { clip, errorMessage, errorType, textOf } from "./text.js";

/** The rule that a given value broke, and the keys of those that did; none for a setter without keys. */
export interface Broken {
  readonly rule: string;
  readonly keys: readonly string[];
}

/**
 * Sees what the package sees, to find faults of the application: `doctor` sets one. No method may throw. Its parameters
 * are plain objects here, because this folder knows no types of the domain.
 */
export interface Observer {
  /** A span has started: its unit of work is known. `parent`: the span in `parentContext`, where it was looked up already. */
  started(span: object, parentContext: object, parent?: object): void;
  ended(span: object): void;
  /** Data is about to be set on a scope. `broken`: what was wrong with it; `change` has it in its repaired form. */
  wrote(scope: object, change: object, broken?: Broken): void;
  /**
   * A value is refused, within the call that has ended its span or captured its error. `kind`: that of the warning. Missing in
   * observers of older copies of the package.
   */
  warned?(kind: string): void;
  /** An error is captured in the unit `here`, and reported for the unit `origin` in which it was first seen. */
  captured(error: unknown, origin: object, here: object): void;
}

// Shared by all copies of the package: the one that observes may be that of the command line.
const SLOT = Symbol.for("otel-sentry-bridge.observation.v2");

/** A warning, and the error that has caused it. Both may contain secrets. */
interface Warning {
  readonly message: string;
  readonly cause: string | undefined;
}

/** Holds the observer of the process; `undefined` unless the doctor runs, so that a span costs one property access. */
interface Observation {
  observer: Observer | undefined;
  /** The last message of each kind of set-up fault that was reported, silenced ones included. */
  readonly faults: Map<string, string>;
  /** The first of each kind of warning, whether or not it was written. */
  readonly warnings: Map<string, Warning>;
}

// Kinds may contain the name of a function or hook, so their number must be bounded.
const MAX_WARNINGS = 200;

const carrier: typeof globalThis & { [SLOT]?: Observation } = globalThis;

/** The observation of the process. */
export const observation: Observation = (carrier[SLOT] ??= {
  observer: undefined,
  faults: new Map(),
  warnings: new Map(),
});

/** Keeps a warning for the doctor. Never throws. */
export function noteWarning(kind: string, message: string, cause?: unknown): void {
  const { warnings } = observation;
  if (warnings.size >= MAX_WARNINGS || warnings.has(kind)) return;
  warnings.set(kind, { message, cause: cause === undefined ? undefined : causeText(cause) });
}

const MAX_CAUSE_LENGTH = 300;

function causeText(cause: unknown): string {
  const isObject = typeof cause === "object" && cause !== null;
  const text = isObject ? `${errorType(cause)}: ${errorMessage(cause)}` : textOf(cause);
  return clip(text, MAX_CAUSE_LENGTH);
}
