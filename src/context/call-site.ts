// Setter, scope and guard lie above the caller.
const MAX_FRAMES = 16;

/** Where code outside of this package has called it from. */
export interface CallSite {
  /** Tells one call site from another. */
  readonly key: string;
  /** Function, file and line; `undefined` where the stack does not tell, as in a bundle. */
  readonly place: string | undefined;
}

/** The first frame outside of this package that the present call came from. Never throws. */
export function callSite(): CallSite {
  const [own = "", ...frames] = framesOf(currentStack());
  const folder = /([^\s(]*\/)(?:(?:esm|cjs)\/)?context\/call-site\.[cm]?[jt]s:/.exec(own)?.[1];
  const frame = folder === undefined ? undefined : frames.find((each) => !each.includes(folder));
  return { key: placeIn(frame) ?? frames.join("\n"), place: frame?.replace(/^\s*at /, "") };
}

// The engine names one function by what it was called on, too: `setUser`, `Object.setUser`, `async setUser`.
function placeIn(frame: string | undefined): string | undefined {
  return frame && (/\(([^()]+:\d+:\d+)\)$/.exec(frame)?.[1] ?? frame);
}

// ESM frames name URLs, CommonJS frames paths: with one form, a folder is found in both.
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
    // `Error` is frozen, or the application's own `prepareStackTrace` has failed.
    return "";
  } finally {
    restoreLimit(limit);
  }
}

function restoreLimit(limit: number): void {
  try {
    Error.stackTraceLimit = limit;
  } catch {
    // It could not be changed before, either.
  }
}
