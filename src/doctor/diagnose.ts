import { subscribe } from "node:diagnostics_channel";
import { basename, isAbsolute } from "node:path";

import { getClient } from "../context/global-client.js";
import type { RegisteredClient } from "../context/global-client.js";
import { NOT_TRACED } from "../setup/registration-check.js";
import { hasDestination } from "../setup/destination-check.js";
import { isBridgeClient } from "../setup/bridge-client.js";
import { attempt, propertyOf } from "../support/foreign.js";
import { observation } from "../support/observation.js";
import { checkConfiguration, refusedName } from "./configuration-check.js";
import { checkDelivery } from "./delivery-check.js";
import { finding } from "./finding.js";
import type { DoctorMode, DoctorReport, Examination, Fact, Finding } from "./finding.js";
import { checkLoadOrder } from "./load-order.js";
import { DoctorObserver } from "./observer.js";
import { checkPackages } from "./package-checks.js";
import { checkProcess, checkTraffic } from "./process-check.js";
import { Retention } from "./retention.js";
import { newReport } from "./report.js";

interface Observed {
  readonly observer: DoctorObserver;
  readonly mode: DoctorMode;
  /** HTTP requests that servers of this process have received. */
  requests: number;
}

let observed: Observed | undefined;

// Requests of orchestrators and scrapers, which are often not traced on purpose.
const PROBE = /^\/(?:-\/)?(?:metrics|health|healthz|live|livez|ready|readyz|ping|status)\b/i;

/** Starts to observe the spans and scopes of this process, until it ends. Once; further calls have no effect. */
export function startDoctor(mode: Exclude<DoctorMode, "off"> = "on"): void {
  if (observed !== undefined) return;
  const observer = new DoctorObserver(mode === "deep" ? new Retention() : undefined);
  const state: Observed = { observer, mode, requests: 0 };
  observed = state;
  observation.observer = observer;
  subscribe("http.server.request.start", (message) => {
    const url = propertyOf(propertyOf(message, "request"), "url");
    if (typeof url === "string" && !PROBE.test(url)) state.requests += 1;
  });
}

/** How a process ends: with work that a signal or `process.exit` has cut off, or with nothing left to do. */
export type ProcessEnding = "idle" | "stopped";

/**
 * Returns what the doctor finds in this process: its configuration and packages, what is registered with OpenTelemetry, what the
 * client has lost, and, after `startDoctor`, what the rules have found in spans and scopes. Sends nothing.
 * Never throws.
 */
export function diagnose(): DoctorReport {
  return examineProcess();
}

/** Returns the report of a process that goes on, or that ends. Never throws. */
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
  const findings = parts.flatMap((part) => part.findings);
  return newReport({
    mode: observed?.mode ?? "off",
    command: commandLine(),
    facts: parts.flatMap((part) => part.facts),
    findings: [...findings, ...faultFindings(findings)],
  });
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
  const { observer, requests } = observed;
  const found = observer.findings(ending === "idle");
  // The observer does not see what an exporter receives.
  if (observation.faults.has(NOT_TRACED) || hasExporter(client)) return found;
  const { tracesSampleRate, tracesSampler } = client.core.settings;
  const rate = tracesSampler === undefined ? tracesSampleRate : UNKNOWN_RATE;
  return [...found, ...checkTraffic(observer, requests * rate)];
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
  const { facts, findings } = checkConfiguration({});
  return {
    facts,
    findings: [
      finding({
        name: "no-client",
        summary: "This process has not created a client, so nothing is sent to Sentry.",
        mechanism:
          "Neither a SentrySpanProcessor nor createClient was used here, or the process has another copy of this package.",
        fix: "Set OpenTelemetry up before the application, for example by the environment alone:",
        code: "node --import otel-sentry-bridge/register app.js",
      }),
      ...findings,
    ],
  };
}

// What the application has set in code is in the client's settings, which take precedence.
function ofClient(client: RegisteredClient): Examination {
  const { settings } = client.core;
  const { release, environment, dist, serverName, tracesSampleRate, tracesSampler } = settings;
  const { tunnel, transport } = settings;
  const names = { release, environment, dist, serverName };
  const given = { ...names, tracesSampleRate, tracesSampler, tunnel, transport };
  const configuration = checkConfiguration(
    { ...given, dsn: settings.dsn ?? false },
    { resource: observed?.observer.resource },
  );
  const delivery = checkDelivery(client.stats());
  // Without a DSN on purpose, or with a transport of the application's own, there is no fault.
  const isIntended = hasDestination(settings) || !observation.faults.has("no-dsn");
  return {
    facts: [...configuration.facts, ...delivery.facts],
    findings: [
      ...configuration.findings.filter(({ name }) => name !== "no-dsn" || !isIntended),
      ...delivery.findings,
    ],
  };
}

// The findings that say more than a fault of the kind.
const RULED: Readonly<Record<string, string>> = {
  "context-manager": "no-context-manager",
  "outside-write": "default-isolation-write",
};

function faultFindings(known: readonly Finding[]): Finding[] {
  const names = new Set(known.map(({ name }) => name));
  return [...observation.faults]
    .filter(([kind]) => !names.has(RULED[kind.replace(/:.*/s, "")] ?? kind))
    .map(([kind, message]) =>
      kind.startsWith("value:") ? refusedName(kind, message) : faultFinding(kind, message),
    )
    .filter(({ name }) => !names.has(name));
}

const OF_DELIVERY = /^(?:final-loss|never-reached|late-capture|refus|sender-thread|spool)/;

const CODE: Readonly<Record<string, string>> = {
  "api-copies": "npm ls @opentelemetry/api",
  "final-loss": 'new SentrySpanProcessor({\n  spool: { directory: "/var/spool/sentry" } });',
  "not-traced": "new NodeSDK({ spanProcessors: [processor] }).start();",
};

const NO_ADVICE =
  "Read the error that belongs to this message: it is on standard error, or in the log of OpenTelemetry's `diag`";

// The package's own messages say what happened, what it means, and at the end what to do.
function faultFinding(kind: string, message: string): Finding {
  const [summary = "", ...rest] = message.split(/(?<=\.) (?=[A-Z`])/);
  const isOfDelivery = OF_DELIVERY.test(kind);
  const name = kind.split(":")[0] ?? kind;
  const effect = isOfDelivery
    ? "Sentry does not get this data."
    : "Because of it, data does not reach Sentry, or reaches the wrong request.";
  return finding({
    rule: isOfDelivery ? "D18" : "D7",
    name,
    severity: "error",
    summary: sentence(summary),
    mechanism: rest.length > 1 ? (rest[0] ?? "") : effect,
    fix: sentence(rest.at(-1) ?? NO_ADVICE),
    code: Object.hasOwn(CODE, name) ? CODE[name] : undefined,
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}

// Without arguments, which may be secrets. After `node -e`, the first argument takes the place of the script's path.
function commandLine(): string {
  const [, script = ""] = process.argv;
  return isAbsolute(script) ? `node ${basename(script)}` : "node";
}
