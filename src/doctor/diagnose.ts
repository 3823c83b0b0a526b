import { subscribe } from "node:diagnostics_channel";
import { basename, isAbsolute } from "node:path";

import { isRegistered } from "../context/api-registration.js";
import { getClient } from "../context/global-client.js";
import type { RegisteredClient } from "../context/global-client.js";
import { NOT_TRACED, SET_UP_TWICE } from "../setup/registration-check.js";
import { hasDestination } from "../setup/destination-check.js";
import { isBridgeClient } from "../setup/bridge-client.js";
import { pipelineFromEnvironment } from "../options/env.js";
import { attempt, propertyOf } from "../support/foreign.js";
import { observation } from "../support/observation.js";
import { checkConfiguration } from "./configuration-check.js";
import { checkDelivery } from "./delivery-check.js";
import { fatalFinding, lossByFatal } from "./fatal-error.js";
import type { FatalError } from "./fatal-error.js";
import { finding } from "./finding.js";
import type { DoctorMode, DoctorReport, Examination, Fact, Finding } from "./finding.js";
import { checkLoadOrder, firstSetUp, hasHttpInstrumentation } from "./load-order.js";
import { DoctorObserver } from "./observer.js";
import { checkPackages } from "./package-checks.js";
import { checkProcess, checkTraffic, noProcessor } from "./process-check.js";
import { Retention } from "./retention.js";
import { newReport } from "./report.js";
import { reportedFindings } from "./reported-faults.js";

interface Observed {
  readonly observer: DoctorObserver;
  readonly mode: DoctorMode;
  /** HTTP requests that servers of this process have received. */
  requests: number;
  isUnpatched: boolean;
  /** The last uncaught exception. */
  fatal: FatalError | undefined;
}

let observed: Observed | undefined;

// Requests of orchestrators and scrapers, which are often not traced on purpose.
const PROBE = /^\/(?:-\/)?(?:metrics|health|healthz|live|livez|ready|readyz|ping|status)\b/i;

/** Starts to observe the spans and scopes of this process, until it ends. Further calls have no effect. */
export function startDoctor(mode: Exclude<DoctorMode, "off"> = "on"): void {
  if (observed !== undefined) return;
  const observer = new DoctorObserver(mode === "deep" ? new Retention() : undefined);
  const state: Observed = { observer, mode, requests: 0, isUnpatched: false, fatal: undefined };
  observed = state;
  observation.observer = observer;
  subscribe("http.server.request.start", (message) => {
    const url = propertyOf(propertyOf(message, "request"), "url");
    if (typeof url !== "string" || PROBE.test(url)) return;
    state.requests += 1;
    // Read from the server: loading `node:http` here could cause an instrumentation to patch it.
    const emit = propertyOf(propertyOf(message, "server"), "emit");
    if (state.requests === 1) state.isUnpatched = propertyOf(emit, "__wrapped") !== true;
  });
  process.on("uncaughtExceptionMonitor", (thrown: unknown) => (state.fatal = { thrown }));
}

/** How a process ends: `stopped` by a signal or `process.exit`, or `idle`, with nothing left to do. */
export type ProcessEnding = "idle" | "stopped";

/**
 * Returns what the doctor finds in this process: its configuration and packages, what is registered with OpenTelemetry, what the
 * client has lost, and, after `startDoctor`, what the rules have found in spans and scopes. Sends nothing.
 * Never throws.
 */
export function diagnose(): DoctorReport {
  return examineProcess();
}

/** Returns the report of this process. `ending` is set when it ends, after which spans that are open never end. Never throws. */
export function examineProcess(ending?: ProcessEnding): DoctorReport {
  const client = getClient();
  if (ending !== undefined && isBridgeClient(client)) client.registrations.reportAll();
  const parts = [
    () => (client === undefined ? withoutClient() : ofClient(client)),
    () => checkPackages(process.cwd(), process.argv[1]),
    () => checkProcess(client, observed?.observer),
    () => ({ facts: [], findings: checkLoadOrder() }),
    () => ({ facts: failuresOf(observed), findings: observedFindings(client, ending) }),
  ].map((check) => attempt<Examination>(check, FAILED));
  const found = parts.flatMap((part) => part.findings);
  const reported = reportedFindings(found, observed?.observer.refused);
  return newReport({
    mode: observed?.mode ?? "off",
    command: commandLine(),
    facts: parts.flatMap((part) => part.facts),
    findings: causesOf([...found, ...reported]).map((each) => causedLoss(each, client)),
  });
}

/** Returns the exception that ended the process before any span had started; undefined if there was none. */
export function endedEarly(): FatalError | undefined {
  return observed?.observer.total === 0 ? observed.fatal : undefined;
}

// A client that captures the exception has sent what it could; an application with a handler of its own goes on.
function causedLoss(found: Finding, client: RegisteredClient | undefined): Finding {
  const fatal = observed?.fatal;
  const isHandled =
    client?.core.settings.captureUncaught === true ||
    process.listenerCount("uncaughtException") > 0;
  return found.name !== "final-loss" || fatal === undefined || isHandled
    ? found
    : lossByFatal(found, fatal);
}

// Findings that only follow from another one, by the name of that one.
const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  "ended-early": ["no-spans", "not-traced"],
  "loaded-too-late": ["http-not-traced"],
  rejected: ["lost-send-error"],
  "sampled-out": ["http-not-traced", "no-spans"],
};

function causesOf(findings: readonly Finding[]): Finding[] {
  const names = new Set(findings.map(({ name }) => name));
  // Another instrumentation may be the late one.
  if (!hasHttpInstrumentation()) names.delete("loaded-too-late");
  const left = new Set([...names].flatMap((name) => FOLLOWERS[name] ?? []));
  return findings.filter(({ name }) => !left.has(name));
}

const FAILED: Examination = {
  facts: [{ name: "incomplete", value: "a check has failed; its faults are not in this report" }],
  findings: [],
};

function observedFindings(
  client: RegisteredClient | undefined,
  ending: ProcessEnding | undefined,
): readonly Finding[] {
  if (observed === undefined || client === undefined) return [];
  const { observer, requests, isUnpatched } = observed;
  const found = observer.findings(ending === "idle");
  // The observer does not see what an exporter receives.
  if (
    hasExporter(client) ||
    [NOT_TRACED, SET_UP_TWICE].some((kind) => observation.faults.has(kind))
  )
    return found;
  const { tracesSampleRate, tracesSampler } = client.core.settings;
  const rate = tracesSampler === undefined ? tracesSampleRate : UNKNOWN_RATE;
  const traffic = { requests: requests * rate, isUnpatched };
  const isUsed = client.core.activity() > 0;
  const isUnused =
    isBridgeClient(client) &&
    client.registrations.hasUnused &&
    !pipelineFromEnvironment().isDisabled;
  return [...found, ...checkTraffic(observer, { ...traffic, isUsed, isUnused })];
}

function failuresOf(state: Observed | undefined): Fact[] {
  const failures = state?.observer.failures ?? 0;
  return failures === 0
    ? []
    : [{ name: "incomplete", value: `calls of rules that failed: ${failures}` }];
}

// A sampler in code may drop most requests.
const UNKNOWN_RATE = 0.1;

function hasExporter(client: RegisteredClient): boolean {
  return isBridgeClient(client) && client.registrations.hasExporter;
}

function withoutClient(): Examination {
  const { facts, findings } = checkConfiguration({}, { isRunning: true });
  // These are the reason why there is no client.
  if (findings.some(isRefusal) || observation.faults.has("register")) return { facts, findings };
  const fatal = endedEarly();
  const unused = isRegistered("trace") ? [noProcessor()] : fatal === undefined ? [noClient()] : [];
  // The code that did not run may have passed a DSN.
  const known = fatal === undefined ? findings : findings.filter(({ name }) => name !== "no-dsn");
  const first = fatal === undefined ? unused : [fatalFinding(fatal), ...unused];
  return { facts, findings: [...first, ...known] };
}

function isRefusal({ name }: Finding): boolean {
  return name === "bad-dsn" || name === "bad-option";
}

function noClient(): Finding {
  return finding({
    name: "no-client",
    summary: "This process has not created a client, so nothing is sent to Sentry.",
    mechanism: "Neither a SentrySpanProcessor nor createClient was used here.",
    ...firstSetUp(),
  });
}

// The settings of the client include the options that the application has passed, which take precedence over the environment.
function ofClient(client: RegisteredClient): Examination {
  const { settings } = client.core;
  const { release, environment, dist, serverName, tracesSampleRate, tracesSampler } = settings;
  const { tunnel, transport } = settings;
  const names = { release, environment, dist, serverName };
  const given = { ...names, tracesSampleRate, tracesSampler, tunnel, transport };
  const configuration = checkConfiguration(
    { ...given, dsn: settings.dsn ?? false },
    { resource: observed?.observer.resource, isRunning: true },
  );
  const delivery = checkDelivery(client.stats());
  // Without a DSN on purpose, or with a transport of the application's own, there is no fault.
  const fatal = endedEarly();
  const isIntended = hasDestination(settings) || !observation.faults.has("no-dsn");
  return {
    facts: [...configuration.facts, ...delivery.facts],
    findings: [
      ...(fatal === undefined ? [] : [fatalFinding(fatal)]),
      ...configuration.findings.filter(({ name }) => name !== "no-dsn" || !isIntended),
      ...delivery.findings,
    ],
  };
}

// Without arguments, which may be secrets. After `node -e`, the first argument takes the place of the script's path.
function commandLine(): string {
  const [, script = ""] = process.argv;
  return isAbsolute(script) ? `node ${basename(script)}` : "node";
}
