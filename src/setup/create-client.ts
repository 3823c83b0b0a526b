import { diag } from "@opentelemetry/api";

import { DiscardLedger } from "../client-reports/ledger.js";
import { SentryClient } from "../client/client.js";
import { createDiagnostics } from "../support/diagnostics.js";
import type { Diagnostics, DiagnosticsLogger } from "../support/diagnostics.js";
import type { ClientOptions, Settings } from "../options/options.js";
import { writeStandardError } from "../support/setup-faults.js";
import { resourceFromEnvironment } from "../options/env.js";
import { resolveOptions } from "../options/resolve.js";
import { placeOfError } from "../context/error-places.js";
import { reportThrown } from "../errors/error-reports.js";
import { activeOwnCall, runDetached, runHook, runTraced } from "../context/suppress-tracing.js";
import { dsnOrigin, parseDsn, publicDsn } from "../protocol/dsn.js";
import type { Dsn } from "../protocol/dsn.js";
import { OptionsError, isOptionsError } from "../protocol/errors.js";
import { createEnvelopeSender } from "../delivery/envelope-sender.js";
import type { EnvelopeSender } from "../delivery/sender.js";
import { createHttpTransport } from "../delivery/http/http-transport.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import { createBackpressure } from "../trace/backpressure.js";
import type { Pressure } from "../trace/backpressure.js";
import { steadyNow } from "../support/time.js";
import type { Delivery } from "./create-delivery.js";
import { createDelivery } from "./create-delivery.js";
import { checkDestination } from "./destination-check.js";
import { newEventId } from "../client/event-id.js";
import { getClient, isClient, setClient } from "../context/global-client.js";
import { OperationMetrics } from "../otel/self-metrics.js";
import { reportFinalLoss } from "./final-loss.js";
import type { EndedDelivery } from "./final-loss.js";
import { ProcessEnd } from "./process-end.js";
import type { EndingClient } from "./process-end.js";
import { checkRegistrations } from "./registration-check.js";
import { UncaughtErrors } from "./uncaught.js";

/**
 * Builds a client. The first one becomes the process-wide one, until it is closed. Throws an `OptionsError` that names
 * the option when one is not what it should be; nothing else of this package throws.
 */
export function createClient(options: ClientOptions = {}): SentryClient {
  const client = buildClient(options);
  checkDestination(options, client);
  const known = getClient();
  if (known === undefined || known.isClosed) setClient(client);
  return client;
}

/** The client itself, or a new one that is used for its settings alone: it needs no DSN, and is never the process-wide one. */
export function settingsClientOf(optionsOrClient: ClientOptions | SentryClient): SentryClient {
  return isClient(optionsOrClient) ? optionsOrClient : buildClient(optionsOrClient);
}

function buildClient(options: ClientOptions): SentryClient {
  const settings = settingsOf(options);
  const parts = clientParts(settings);
  const metrics = new OperationMetrics();
  const delivery = createDelivery(settings, {
    ...parts,
    onOperation: (result, millis) => metrics.record(result, millis),
  });
  const client: SentryClient = new SentryClient({
    ...parts,
    sender: delivery?.sender,
    deliveryCounts: () => delivery?.counts() ?? {},
    pressure: pressureOf(settings, delivery),
    // Of its own: what Spotlight lacks must not hide what the server lacks.
    spotlight: spotlightOf(settings, diagnosticsOf(settings)),
    newEventId,
    random: Math.random,
    runDetached,
    runHook,
    activeOwnCall,
    onCaptured: () => metrics.check(),
    onClosed: () => {
      processEnd.remove(ending);
      uncaughtErrors.remove(client);
      metrics.detach();
      reportAtEnd();
    },
  });
  const reportAtEnd = (): void => {
    checkRegistrations(client);
    if (delivery !== undefined)
      reportFinalLoss(parts.diagnostics, {
        ...endedDelivery(parts, delivery),
        isClosed: client.isClosed,
      });
  };
  const ending = endingClient(client, reportAtEnd);
  metrics.measure(client);
  processEnd.add(ending, settings.flushOnSignals);
  if (settings.captureUncaught) reportUncaught(client);
  return client;
}

// Options are the application's object: their getters may throw anything.
function settingsOf(options: ClientOptions): Settings {
  try {
    return resolveOptions(options);
  } catch (error) {
    if (isOptionsError(error)) throw error;
    throw new OptionsError({ option: "options", expected: "must be an object that can be read" });
  }
}

const processEnd = new ProcessEnd(process);
const uncaughtErrors = new UncaughtErrors(process);

// The error may have been seen before, in the unit that it arose in.
function reportUncaught(client: SentryClient): void {
  uncaughtErrors.add(client, (thrown, hint) =>
    reportThrown(client, thrown, { ...hint, place: placeOfError(thrown), atMillis: Date.now() }),
  );
}

// As the end of the process sees it: what has left by then is not sent any more.
function endingClient(client: SentryClient, reportAtEnd: () => void): EndingClient {
  return {
    activity: () => client.activity(),
    captureUnfinished: () => client.captureUnfinished(),
    flush: () => client.flushAtEnd(),
    letGo: () => client.letGo(),
    leave: () => {
      client.leave();
      reportAtEnd();
    },
  };
}

function endedDelivery(
  { settings, dsn, ledger }: CommonParts,
  delivery: Delivery,
): Omit<EndedDelivery, "isClosed"> {
  const { tunnel } = settings;
  const ownTarget = dsn === undefined ? "" : dsnOrigin(dsn);
  return {
    counts: delivery.counts(),
    dropped: ledger.snapshot(),
    shutdownTimeoutMillis: settings.shutdownTimeoutMillis,
    target: tunnel === undefined ? ownTarget : new URL(tunnel).origin,
  };
}

interface CommonParts {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly dsn: Dsn | undefined;
  readonly ledger: DiscardLedger;
  readonly publicKey: string;
  readonly orgId: string | undefined;
  readonly headerMembers: string;
  readonly environmentAttributes: Readonly<Record<string, string>>;
}

function clientParts(settings: Settings): CommonParts {
  const dsn = settings.dsn === undefined ? undefined : parseDsn(settings.dsn);
  // Who passes envelopes on must be told where to.
  const isTunnelled = settings.tunnel !== undefined && dsn !== undefined;
  return {
    settings,
    diagnostics: diagnosticsOf(settings),
    dsn,
    ledger: new DiscardLedger(),
    publicKey: dsn?.publicKey ?? "",
    orgId: settings.orgId?.toWellFormed() ?? dsn?.orgId,
    environmentAttributes: resourceFromEnvironment(),
    headerMembers: isTunnelled ? `,"dsn":${JSON.stringify(publicDsn(dsn).toWellFormed())}` : "",
  };
}

function pressureOf(settings: Settings, delivery: Delivery | undefined): Pressure | undefined {
  if (delivery === undefined || !settings.enableBackpressureHandling) return undefined;
  return createBackpressure({ isHealthy: () => delivery.sender.isHealthy, now: steadyNow });
}

/** The client itself, or a new one with the options. */
export function clientOf(optionsOrClient: ClientOptions | SentryClient | undefined): {
  client: SentryClient;
  isNew: boolean;
} {
  if (isClient(optionsOrClient)) return { client: optionsOrClient, isNew: false };
  return { client: createClient(optionsOrClient), isNew: true };
}

function toStandardError(message: string, ...details: unknown[]): void {
  writeStandardError([message, ...details.map(String)].join(" "));
}

const standardError: DiagnosticsLogger = { warn: toStandardError, debug: toStandardError };

const tracedDiag: DiagnosticsLogger = {
  warn: (...args) => runTraced(() => diag.warn(...args)),
  debug: (...args) => runTraced(() => diag.debug(...args)),
};

function diagnosticsOf({ debug, silent }: Settings): Diagnostics {
  const diagnostics = createDiagnostics(debug ? standardError : tracedDiag, {
    isDebug: debug,
    isSilent: silent,
  });
  return {
    ...diagnostics,
    faultOnce: (...args) => runTraced(() => diagnostics.faultOnce(...args)),
  };
}

// Spotlight speaks the same protocol, without authentication: a tunnel to nowhere.
function spotlightOf(settings: Settings, diagnostics: Diagnostics): EnvelopeSender | undefined {
  if (settings.spotlight === undefined) return undefined;
  const transport = createHttpTransport({
    dsn: parseDsn("http://spotlight@localhost/0"),
    tunnel: settings.spotlight,
    proxy: false,
    client: `${SDK_NAME}/${SDK_VERSION}`,
    diagnostics,
    runDetached,
  });
  return createEnvelopeSender({
    transport,
    recorder: new DiscardLedger(),
    diagnostics,
    runDetached,
  });
}
