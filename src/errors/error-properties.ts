import { errorType } from "../support/text.js";
import { attempt, isError, objectFrom, propertyOf, ownKeys } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { JsonRecord } from "../protocol/events.js";

// Properties that the exception already shows, or that JavaScript engines and source-map tools set.
const NATIVE: ReadonlySet<string> = new Set([
  "cause",
  "column",
  "columnNumber",
  "errors",
  "fileName",
  "line",
  "lineNumber",
  "message",
  "name",
  "stack",
  "suppressed",
]);

// Contexts with a schema of their own, which an error of the same name must not overwrite.
const TAKEN: ReadonlySet<string> = new Set(
  "app browser cloud_resource culture device feedback flags gpu monitor os otel profile replay response runtime state trace".split(
    " ",
  ),
);

// Maximum characters of all properties together; half of them are for the cause if there is one. Relay accepts 1 MiB
// for a whole event.
const MAX_LENGTH = 16_384;
const DEFAULT_DEPTH = 3;
const MAX_PROPERTIES = 100;

/**
 * Returns the own properties of an error and of its cause as a context that is named after the error, or undefined if
 * there are none. `depth` counts levels of nested objects; true means 3. Never throws, even if a getter does.
 */
export function errorProperties(
  error: unknown,
  depth: number | true,
): Record<string, JsonRecord> | undefined {
  if (!isError(error)) return undefined;
  const cause = propertyOf(error, "cause");
  const ofCause = isError(cause) ? ownProperties(cause) : {};
  const own = ownProperties(error);
  const isCauseEmpty = Object.keys(ofCause).length === 0;
  if (isCauseEmpty && Object.keys(own).length === 0) return undefined;
  const limits = {
    depth: depth === true ? DEFAULT_DEPTH : depth,
    totalLength: isCauseEmpty ? MAX_LENGTH : MAX_LENGTH / 2,
  };
  const copy = normalize(own, limits) as JsonRecord;
  if (isCauseEmpty) return { [nameOf(error)]: copy };
  const copyOfCause = { [nameOf(cause)]: normalize(ofCause, limits) };
  return { [nameOf(error)]: { ...copy, cause: copyOfCause } };
}

function ownProperties(error: object): JsonRecord {
  const keys = attempt(() => ownKeys(error, MAX_PROPERTIES + NATIVE.size), []);
  const own = keys.filter((key) => !NATIVE.has(key)).slice(0, MAX_PROPERTIES);
  // A getter may throw.
  return objectFrom(own.map((key) => [key, propertyOf(error, key)]));
}

function nameOf(error: unknown): string {
  const name = isError(error) ? errorType(error).slice(0, 100) : "Error";
  return TAKEN.has(name) ? "Error" : name;
}
