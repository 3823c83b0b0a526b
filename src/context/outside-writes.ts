import type { Diagnostics } from "../support/diagnostics.js";
import { isFaultReported } from "../support/setup-faults.js";
import { pipelineFromEnvironment } from "../options/env.js";
import { isRegistered } from "./api-registry.js";
import { NO_CONTEXT_MANAGER, checkContexts, contextsAreCarried } from "./context-check.js";
import type { OutsideWrite } from "../scope/process-scopes.js";
import type { ScopeData } from "../scope/scope-data.js";
import { callSite } from "./call-site.js";
import { getClient } from "./global-client.js";

/** Call sites that are told apart; code that is generated must not fill the log. */
const MAX_SITES = 50;

// A stack takes about 10 µs. A socket's handler may write for every message: 1000 stacks at once, then 100 per second,
// are at most 0.1 % of the time.
const MAX_STACKS = 1000;
const STACKS_PER_MILLI = 0.1;

const sites = new Set<string>();
let stacks = MAX_STACKS;
let countedAt = 0;

/**
 * Decides about a write outside of every unit of work, and warns of it where it comes after the first unit has opened.
 * Without a context manager all requests are outside: then nothing is written that another one could see. Never throws.
 */
export function admitOutsideWrite(write: OutsideWrite): boolean {
  const isAdmitted = contextsAreCarried() || !wouldMix(write);
  const diagnostics = activeDiagnostics();
  if (diagnostics === undefined) return isAdmitted;
  if (!isAdmitted) reportMissingContexts(write, diagnostics);
  else if (write.isLate && isWorthWarning(write.change)) warnOfSite(write.change, diagnostics);
  return isAdmitted;
}

// With a processor that no provider has, contexts are not the fault; if one has it, its first span is checked.
function reportMissingContexts({ isTraced }: OutsideWrite, diagnostics: Diagnostics): void {
  if (isFaultReported(NO_CONTEXT_MANAGER) || pipelineFromEnvironment().isDisabled) return;
  if (!isTraced || isRegistered("trace")) checkContexts(diagnostics);
}

// Before the first unit, tags are those of the process's start-up. A user may already be that of a request, which
// sets it before it starts a span.
function wouldMix({ change, isLate, isTraced }: OutsideWrite): boolean {
  return isLate || (isTraced && change.user !== undefined);
}

// Breadcrumbs, as loggers leave them everywhere, are a log of the process. `clear` leaves nothing that could be missed.
function isWorthWarning(change: Partial<ScopeData>): boolean {
  return !("breadcrumbs" in change);
}

function warnOfSite(change: Partial<ScopeData>, diagnostics: Diagnostics): void {
  if (sites.size >= MAX_SITES || !takeStack()) return;
  const { key, place } = callSite();
  if (sites.has(key)) return;
  sites.add(key);
  const what = Object.keys(change).join(", ");
  const where = place === undefined ? "" : ` at ${place}`;
  diagnostics.faultOnce(
    `outside-write:${key}`,
    `scope data (${what}) was set${where} outside of every unit of work, after the first one had opened: requests and jobs do not inherit it. ` +
      "Run the code in context.with(forkIsolation(), …), bind the callback with bindContext, or use getGlobalScope() for what holds for the whole process",
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

// Without a client that sends, no data can reach a stranger.
function activeDiagnostics(): Diagnostics | undefined {
  const client = getClient();
  return client?.settings.dsn === undefined ? undefined : client.diagnostics;
}
