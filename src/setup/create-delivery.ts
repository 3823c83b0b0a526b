import { resolve } from "node:path";

import type { HttpOptions } from "../options/delivery-options.js";
import type { Settings } from "../options/options.js";
import { NO_CLIENT_REPORTS, createClientReports } from "../client-reports/client-reports.js";
import type { ClientReports } from "../client-reports/client-reports.js";
import type { DiscardLedger } from "../client-reports/ledger.js";
import type { DeliveryCounts } from "../client/stats.js";
import { SDK_HEADER_JSON } from "../client/process-data.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { proxyFromEnvironment } from "../options/env.js";
import { isTransport } from "../options/validate.js";
import { runDetached, runTransport } from "../context/suppress-tracing.js";
import type { Dsn } from "../protocol/dsn.js";
import { stampedBytes } from "../protocol/envelope.js";
import type { MemoryBound } from "../delivery/memory-bound.js";
import { createSpool } from "../delivery/spool/file-spool.js";
import type { Spool } from "../delivery/spool/spool.js";
import { createEnvelopeSender } from "../delivery/envelope-sender.js";
import type { EnvelopeSender, EnvelopeSenderSettings } from "../delivery/sender.js";
import { steadyNow } from "../support/time.js";
import { failureReason, networkMessage } from "../delivery/http/send-failures.js";
import { DEFAULT_MAX_CONNECTIONS, createHttpTransport } from "../delivery/http/http-transport.js";
import { createRetryTransport } from "../delivery/retry/retry-transport.js";
import type { RetryTransport } from "../delivery/retry/retry-transport.js";
import { createSpoolReplay } from "../delivery/spool/spool-replay.js";
import type { SpoolReplay } from "../delivery/spool/spool-replay.js";
import type { Transport } from "../delivery/transport.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";

/** Dependencies of the delivery of a client. */
interface DeliveryDependencies {
  readonly dsn: Dsn | undefined;
  readonly diagnostics: Diagnostics;
  readonly ledger: DiscardLedger;
  /** Limits the memory of all buffers of the client together. */
  readonly memory: MemoryBound;
  /** Additional fields of the envelope header, as JSON with a leading comma. */
  readonly headerJson?: string | undefined;
  readonly onOperation?: OnOperation;
}
type OnOperation = EnvelopeSenderSettings["onOperation"];
type SenderBasics = Omit<EnvelopeSenderSettings, "transport">;

/** Delivery of envelopes to the server. */
export interface Delivery {
  readonly sender: EnvelopeSender;
  counts(): DeliveryCounts;
}

// During an outage, a spooled envelope serves as the probe. It is claimed only when the probe is due, because an
// earlier claim could be left behind at the end of the process.
const PROBE = Object.freeze({ isProbe: true });

/** Creates the delivery of a client; undefined if nothing is sent. */
export function createDelivery(
  settings: Settings,
  dependencies: DeliveryDependencies,
): Delivery | undefined {
  const { transport } = settings;
  const { dsn } = dependencies;
  // A custom transport receives envelopes even without a DSN.
  if (isTransport(transport)) return customDelivery(settings, dependencies, transport);
  return dsn === undefined
    ? undefined
    : httpDelivery(settings, transport, { ...dependencies, dsn });
}

// A custom transport does its own retries.
function customDelivery(
  settings: Settings,
  dependencies: DeliveryDependencies,
  custom: Transport,
): Delivery {
  const { ledger, onOperation } = dependencies;
  const transport = guardedTransport(custom);
  const spool = spoolOf(settings, dependencies);
  const reports = reportsOf(settings, dependencies);
  const replay = spool && replayOf(spool, { transport, ledger, senderOf: () => sender });
  const sender = createEnvelopeSender({
    ...senderSettings(dependencies),
    transport,
    spool,
    replay,
    reports,
    onOperation,
  });
  startReplay(spool, replay);
  return {
    sender,
    counts: () => ({ sender: sender.stats(), spool: spool?.counts(), reports: reports.counts() }),
  };
}

// Without this guard, a transport that captures its own failures would receive them to send, without end. The time of
// transmission is that of the call: by another one, Relay would correct the times of all spans.
function guardedTransport(transport: Transport): Transport {
  return {
    send: (envelope, options) =>
      runTransport(() => transport.send(stampedBytes(envelope, Date.now()), options)),
    close: () => runTransport(() => transport.close()),
  };
}

type HttpDependencies = DeliveryDependencies & { readonly dsn: Dsn };

function httpDelivery(
  settings: Settings,
  options: HttpOptions,
  dependencies: HttpDependencies,
): Delivery {
  const { diagnostics, ledger } = dependencies;
  const spool = spoolOf(settings, dependencies);
  const http = createHttpTransport({
    ...options,
    proxyEnvironment: proxyFromEnvironment(),
    dsn: dependencies.dsn,
    tunnel: settings.tunnel,
    client: `${SDK_NAME}/${SDK_VERSION}`,
    diagnostics,
    runDetached,
  });
  const outage = new FirstOutage(diagnostics);
  const retry = createRetryTransport({
    transport: http,
    retryOn5xx: options.retryOn5xx,
    failFast: () => spool !== undefined && spool.isUsable !== false,
    runDetached,
    onRetry: (_envelope, last) => {
      if (last.outcome !== "retryable" || last.phase === "reused") return;
      diagnostics.warnOnce("retry", `${networkMessage(last.error)}; the envelope is sent again`);
      if (sender.stats().envelopesSent === 0) outage.continues(last.error);
    },
  });
  const reports = reportsOf(settings, dependencies);
  const replay =
    spool && replayOf(spool, { transport: retry, retry, ledger, senderOf: () => sender });
  const sender = createEnvelopeSender({
    ...senderSettings(dependencies),
    ...concurrency(options),
    transport: retry,
    spool,
    replay,
    reports,
    onOperation: dependencies.onOperation,
  });
  startReplay(spool, replay);
  return {
    sender,
    counts: () => ({
      sender: sender.stats(),
      connections: http.counts(),
      attempts: {
        ...retry.counts(),
        isReachable: retry.isReachable,
        lastError: retry.lastError,
        unanswered: http.unanswered,
      },
      spool: spool?.counts(),
      reports: reports.counts(),
    }),
  };
}

function senderSettings(dependencies: DeliveryDependencies): SenderBasics {
  return {
    recorder: dependencies.ledger,
    diagnostics: dependencies.diagnostics,
    headerJson: `${SDK_HEADER_JSON}${dependencies.headerJson ?? ""}`,
    memory: dependencies.memory,
    runDetached,
  };
}

function reportsOf(settings: Settings, { ledger }: DeliveryDependencies): ClientReports {
  return settings.sendClientReports ? createClientReports({ ledger }) : NO_CLIENT_REPORTS;
}

function spoolOf(
  { spool }: Settings,
  { diagnostics, ledger }: DeliveryDependencies,
): Spool | undefined {
  if (spool === undefined) return undefined;
  return createSpool({
    ...spool,
    directory: resolve(spool.directory),
    recorder: ledger,
    diagnostics,
    onForeignLoss: (reason, contents) => ledger.recordForeign(reason, contents),
  });
}

interface ReplayDependencies {
  readonly transport: Transport;
  /** Times the attempts; undefined for a custom transport. */
  readonly retry?: RetryTransport;
  readonly ledger: DiscardLedger;
  /** Returns the sender, which is created after the replay. */
  readonly senderOf: () => EnvelopeSender;
}

function replayOf(spool: Spool, dependencies: ReplayDependencies): SpoolReplay {
  const { transport, retry, ledger, senderOf } = dependencies;
  return createSpoolReplay({
    spool,
    whenDue: retry && ((holdMillis) => retry.whenDue(holdMillis)),
    isReachable: retry && (() => retry.isReachable),
    send: (envelope) => transport.send(envelope, PROBE),
    isLimited: (category) => senderOf().isLimited(category),
    onOutcome: (spooled, result) => {
      senderOf().recordSpooled(spooled, result);
      if (!spooled.isOwn && result.outcome === "rejected")
        ledger.recordForeign("send_error", spooled.envelope.contents);
    },
  });
}

function startReplay(spool: Spool | undefined, replay: SpoolReplay | undefined): void {
  if (spool === undefined) return;
  runDetached(() => {
    void spool.prepare?.();
    replay?.start();
  });
}

// Long enough for a server that is started together with the application.
const OUTAGE_MILLIS = 60_000;

/** Reports a server that has never been reached, because the DSN may be wrong and the process may run for weeks. */
class FirstOutage {
  readonly #diagnostics: Diagnostics;
  #since: number | undefined;

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
  }

  continues(error: Error): void {
    this.#since ??= steadyNow();
    if (steadyNow() - this.#since < OUTAGE_MILLIS) return;
    this.#diagnostics.faultOnce(
      "never-reached",
      `the server could not be reached for a minute, and no envelope has been delivered since the start: ${failureReason(error)}. Envelopes are kept and sent later; check the DSN and the network`,
    );
  }
}

// A third of the connections is reserved for when the others get no answer.
function concurrency({ maxConnections = DEFAULT_MAX_CONNECTIONS }: HttpOptions): {
  maxConcurrency: number;
  stalledConcurrency: number;
} {
  const maxConcurrency = Math.max(1, Math.floor((maxConnections * 2) / 3));
  return { maxConcurrency, stalledConcurrency: Math.floor(maxConnections) - maxConcurrency };
}
