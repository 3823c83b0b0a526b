// Finds the application's code that called this package, in a stack trace.

// Enough for the frames of this package, of what runs it in a context, and the caller's.
const MAX_FRAMES = 16;

/** The application's code that called this package. */
interface CallSite {
  /** Unique per call site. */
  readonly key: string;
  /** Function, file and line; undefined if the stack trace does not show them, as in an application's bundle. */
  readonly location: string | undefined;
}

// This module's own frame, in the sources or in the built package. In an application's bundle neither matches.
const OWN_FRAME = /([^\s(]*\/)(?:support\/call-site\.[cm]?[jt]s|otel-sentry-bridge\.[cm]?js):/;

// Frames between this package's own, where it runs something in a context.
const PASSED_FRAME = /(?:\(|\bat (?:async )?)node:|\/node_modules\/@opentelemetry\//;

/**
 * Returns the first frame outside of this package, Node and OpenTelemetry. Taking the stack trace takes about 10 µs, so call it
 * only for a message that is then written.
 */
export function callSite(): CallSite {
  const [own = "", ...frames] = framesOf(currentStack());
  const folder = OWN_FRAME.exec(own)?.[1];
  const isCaller = (each: string): boolean =>
    folder !== undefined && !each.includes(folder) && !PASSED_FRAME.test(each);
  const frame = frames.find(isCaller);
  return { key: locationIn(frame) ?? frames.join("\n"), location: frame?.replace(/^\s*at /, "") };
}

/** Returns ` at ` and the call site, for messages; "" if it is unknown. */
export function atCallSite(): string {
  const { location } = callSite();
  return location === undefined ? "" : ` at ${location}`;
}

// The engine also names a function by its receiver: `setUser`, `Object.setUser`, `async setUser`.
function locationIn(frame: string | undefined): string | undefined {
  return frame && (/\(([^()]+:\d+:\d+)\)$/.exec(frame)?.[1] ?? frame);
}

// Gives URLs of ES modules and paths of CommonJS modules the same form, so that they can be compared.
function framesOf(stack: string): string[] {
  return stack
    .replaceAll("\\", "/")
    .replaceAll("file://", "")
    .split("\n")
    .filter((line) => /^\s*at /.test(line));
}

function currentStack(): string {
  const holder: { stack?: unknown } = {};
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = MAX_FRAMES;
    Error.captureStackTrace(holder);
    return typeof holder.stack === "string" ? holder.stack : "";
  } catch {
    // `Error` is frozen, or the application's own `prepareStackTrace` failed.
    return "";
  } finally {
    restoreLimit(limit);
  }
}

function restoreLimit(limit: number): void {
  try {
    Error.stackTraceLimit = limit;
  } catch {
    // `Error` is frozen, so the limit was not changed above either.
  }
}
