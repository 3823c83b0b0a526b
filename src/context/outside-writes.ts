import {
  checkContexts,
  hasWorkingContextManager,
  isRegistered,
  NO_CONTEXT_MANAGER,
} from "./api-registration.js";
import { getClient } from "./global-client.js";
import { pipelineFromEnvironment } from "../options/env.js";
import type { OutsideWrite } from "../scope/process-scopes.js";
import type { ScopeData } from "../scope/scope-data.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { isFaultReported } from "../support/setup-faults.js";

/** Call sites that are reported. Limited, so that generated code cannot fill the log. */
const MAX_SITES = 50;

// Taking a stack trace takes about 10 µs, and the handler of a socket may set data for every message. 1000 stack traces
// at once, then 100 per second, take at most 0.1 % of the time.
const MAX_STACKS = 1000;
const STACKS_PER_MILLI = 0.1;

const sites = new Set<string>();
let stacks = MAX_STACKS;
let countedAt = 0;

/**
 * Returns true if scope data may be set outside of every unit of work; warns if the first unit has already opened.
 * Without a context manager all requests run outside of units, so data that another request could see is refused. Never
 * throws.
 */
export function admitOutsideWrite(write: OutsideWrite): boolean {
  const isAdmitted = hasWorkingContextManager() || !wouldMix(write);
  const diagnostics = activeDiagnostics();
  if (diagnostics === undefined) return isAdmitted;
  if (!isAdmitted) reportMissingContexts(write, diagnostics);
  else if (write.isLate && isWorthWarning(write.change)) warnOfSite(write.change, diagnostics);
  return isAdmitted;
}

// In a traced process this is checked only if a tracer provider is registered; otherwise the missing provider is the
// fault.
function reportMissingContexts({ isTraced }: OutsideWrite, diagnostics: Diagnostics): void {
  if (isFaultReported(NO_CONTEXT_MANAGER) || pipelineFromEnvironment().isDisabled) return;
  if (!isTraced || isRegistered("trace")) checkContexts(diagnostics);
}

// Before the first unit opens, the process sets its tags at start-up. A user, however, may belong to a request that
// sets it before it starts a span.
function wouldMix({ change, isLate, isTraced }: OutsideWrite): boolean {
  return isLate || (isTraced && change.user !== undefined);
}

// Breadcrumbs are excluded, because loggers add them everywhere.
function isWorthWarning(change: Partial<ScopeData>): boolean {
  return !("breadcrumbs" in change);
}

function warnOfSite(change: Partial<ScopeData>, diagnostics: Diagnostics): void {
  if (sites.size >= MAX_SITES || !takeStack()) return;
  const { key, location } = callSite();
  if (sites.has(key)) return;
  sites.add(key);
  const what = Object.keys(change).join(", ");
  const where = location === undefined ? "" : ` at ${location}`;
  diagnostics.faultOnce(
    `outside-write:${key}`,
    `scope data (${what}) was set${where} outside of a request or job, after the first one had started. It is not added to events of any request or job, only to events that are captured outside of them. ` +
      "If the data belongs to a request or job, bind the callback to its context with bindContext(), or run the work in withIsolationScope(); if it applies to the whole process, set it on getGlobalScope()",
  );
}

function takeStack(): boolean {
  const now = performance.now();
  stacks = Math.min(MAX_STACKS, stacks + (now - countedAt) * STACKS_PER_MILLI);
  countedAt = now;
  if (stacks < 1) return false;
  stacks -= 1;
  return true;
}

// Without a DSN nothing is sent, so there is nothing to warn about.
function activeDiagnostics(): Diagnostics | undefined {
  const client = getClient()?.core;
  return client?.settings.dsn === undefined ? undefined : client.diagnostics;
}

// Enough for the frames of the setter, the scope and the guard, and the caller's.
const MAX_FRAMES = 16;

/** The application's code that called this package. */
interface CallSite {
  /** Unique per call site. */
  readonly key: string;
  /** Function, file and line; undefined if the stack trace does not show them, as in an application's bundle. */
  readonly location: string | undefined;
}

// This module's own frame, in the sources or in the built package. In an application's bundle neither matches.
const OWN_FRAME = /([^\s(]*\/)(?:context\/outside-writes\.[cm]?[jt]s|otel-sentry-bridge\.[cm]?js):/;

// The first frame outside of this package.
function callSite(): CallSite {
  const [own = "", ...frames] = framesOf(currentStack());
  const folder = OWN_FRAME.exec(own)?.[1];
  const frame = folder === undefined ? undefined : frames.find((each) => !each.includes(folder));
  return { key: locationIn(frame) ?? frames.join("\n"), location: frame?.replace(/^\s*at /, "") };
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
