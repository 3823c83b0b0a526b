import { diag } from "@opentelemetry/api";

import type { ClientOptions, Settings } from "../options/options.js";
import { DiscardLedger } from "../client-reports/ledger.js";
import { ClientCore } from "../client/client-core.js";
import { createDiagnostics } from "../support/diagnostics.js";
import type { Diagnostics, DiagnosticsLogger } from "../support/diagnostics.js";
import { writeStandardError } from "../support/setup-faults.js";
import { resourceFromEnvironment } from "../options/env.js";
import { resolveOptions } from "../options/resolve.js";
import { attributeError } from "../context/attribution.js";
import { activeOwnCall, runDetached, runHook, runTraced } from "../context/suppress-tracing.js";
import { dsnOrigin, parseDsn, publicDsn } from "../protocol/dsn.js";
import type { Dsn } from "../protocol/dsn.js";
import { OptionsError, isOptionsError } from "../protocol/errors.js";
import { createEnvelopeSender } from "../delivery/envelope-sender.js";
import type { EnvelopeSender } from "../delivery/sender.js";
import { MemoryBound } from "../delivery/memory-bound.js";
import { createHttpTransport } from "../delivery/http/http-transport.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import { createBackpressure } from "../trace/backpressure.js";
import type { Pressure } from "../trace/backpressure.js";
import { BridgeClient } from "./bridge-client.js";
import type { Delivery } from "./create-delivery.js";
import { createDelivery } from "./create-delivery.js";
import { newEventId } from "../client/event-id.js";
import { OperationMetrics } from "../otel/self-metrics.js";
import { reportFinalLoss } from "./final-loss.js";
import type { EndedDelivery } from "./final-loss.js";
import { ProcessEnd } from "./process-end.js";
import type { EndingClient } from "./process-end.js";
import { UncaughtErrors } from "./uncaught.js";

/** Creates a client that is not the process-wide one. Throws an `OptionsError` if an option is invalid. */
export function buildClient(options: ClientOptions): BridgeClient {
  const settings = settingsOf(options);
  const dependencies = commonDependencies(settings);
  const metrics = new OperationMetrics();
  const delivery = createDelivery(settings, {
    ...dependencies,
    onOperation: (result, millis) => metrics.record(result, millis),
  });
  const core: ClientCore = new ClientCore({
    ...dependencies,
    sender: delivery?.sender,
    deliveryCounts: () => delivery?.counts() ?? {},
    pressure: pressureOf(settings, delivery),
    // Separate diagnostics: a warning about Spotlight must not suppress the same warning about the server.
    spotlight: spotlightOf(settings, diagnosticsOf(settings)),
    newEventId,
    random: Math.random,
    runDetached,
    runHook,
    activeOwnCall,
    onClosed: () => {
      processEnd.remove(ending);
      uncaughtErrors.remove(core);
      metrics.detach();
      reportAtEnd();
    },
  });
  const client = new BridgeClient(core, metrics);
  const reportAtEnd = (): void => {
    client.registrations.reportAll();
    if (delivery !== undefined)
      reportFinalLoss(dependencies.diagnostics, {
        ...endedDelivery(dependencies, delivery),
        isClosed: core.isClosed,
      });
  };
  const ending = endingClient(core, reportAtEnd);
  metrics.measure(core);
  processEnd.add(ending, settings.flushOnSignals);
  if (settings.captureUncaught) reportUncaught(client);
  return client;
}

// Getters of the options may throw.
function settingsOf(options: ClientOptions): Settings {
  try {
    return resolveOptions(options);
  } catch (error) {
    if (isOptionsError(error)) throw error;
    throw new OptionsError({
      option: "options",
      expected: "must be an object whose properties can be read",
    });
  }
}

const processEnd = new ProcessEnd(process);
const uncaughtErrors = new UncaughtErrors(process);

// If a span has already recorded the error, the error belongs to the unit of work of that span.
function reportUncaught({ core, errors }: BridgeClient): void {
  uncaughtErrors.add(core, (thrown, hint) =>
    errors.reportThrown(thrown, {
      ...hint,
      attribution: attributeError(thrown),
      atMillis: Date.now(),
    }),
  );
}

// After `atExit`, nothing more is sent.
function endingClient(client: ClientCore, reportAtEnd: () => void): EndingClient {
  return {
    activity: () => client.activity(),
    captureUnfinished: (mayGoOn) => client.captureUnfinished(mayGoOn),
    flush: () => client.flushAtEnd(),
    unref: () => client.unref(),
    atExit: () => {
      client.atExit();
      reportAtEnd();
    },
  };
}

function endedDelivery(
  { settings, dsn, ledger }: CommonDependencies,
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

interface CommonDependencies {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly dsn: Dsn | undefined;
  readonly ledger: DiscardLedger;
  readonly memory: MemoryBound;
  readonly publicKey: string;
  readonly orgId: string | undefined;
  readonly headerJson: string;
  readonly environmentAttributes: Readonly<Record<string, string>>;
}

function commonDependencies(settings: Settings): CommonDependencies {
  const dsn = settings.dsn === undefined ? undefined : parseDsn(settings.dsn);
  // A tunnel reads the DSN from the envelope header.
  const isTunnelled = settings.tunnel !== undefined && dsn !== undefined;
  return {
    settings,
    diagnostics: diagnosticsOf(settings),
    dsn,
    ledger: new DiscardLedger(),
    memory: new MemoryBound(settings.maxBufferedBytes),
    publicKey: dsn?.publicKey ?? "",
    orgId: settings.orgId,
    environmentAttributes: resourceFromEnvironment(),
    headerJson: isTunnelled ? `,"dsn":${JSON.stringify(publicDsn(dsn).toWellFormed())}` : "",
  };
}

function pressureOf(settings: Settings, delivery: Delivery | undefined): Pressure | undefined {
  if (delivery === undefined || !settings.enableBackpressureHandling) return undefined;
  return createBackpressure({
    isHealthy: () => delivery.sender.isHealthy,
    now: () => performance.now(),
  });
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

// Spotlight accepts envelopes without authentication, so it is used like a tunnel, with a dummy DSN.
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
    // A limit separate from the client's: a Spotlight that hangs must not use up the memory for envelopes to the
    // server.
    memory: new MemoryBound(settings.maxBufferedBytes),
    runDetached,
  });
}
