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
import { callSite } from "../support/call-site.js";
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

// Breadcrumbs are excluded, because loggers add them everywhere. To remove a value, such as the user, mixes nothing up.
function isWorthWarning(change: Partial<ScopeData>): boolean {
  return !("breadcrumbs" in change) && Object.values(change).some((value) => value !== undefined);
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
