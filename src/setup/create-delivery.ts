import { resolve } from "node:path";

import type { HttpOptions } from "../options/delivery-options.js";
import type { Settings } from "../options/options.js";
import { NO_CLIENT_REPORTS, createClientReports } from "../client-reports/client-reports.js";
import type { ClientReports } from "../client-reports/client-reports.js";
import type { DiscardLedger } from "../client-reports/ledger.js";
import type { DeliveryCounts } from "../client/stats.js";
import { SDK_HEADER_JSON } from "../client/process-data.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { networkEnvironment, proxyFromEnvironment } from "../options/env.js";
import { isTransport } from "../options/validate.js";
import { runDetached, runTransport } from "../context/suppress-tracing.js";
import { dsnOrigin } from "../protocol/dsn.js";
import type { Dsn } from "../protocol/dsn.js";
import { stampedBytes } from "../protocol/envelope.js";
import type { MemoryBound } from "../delivery/memory-bound.js";
import { createSpool } from "../delivery/spool/file-spool.js";
import type { Spool } from "../delivery/spool/spool.js";
import { createEnvelopeSender } from "../delivery/envelope-sender.js";
import type {
  EnvelopeSender,
  EnvelopeSenderSettings,
  SenderTransport,
} from "../delivery/sender.js";
import { networkDefaults } from "../delivery/http/network-defaults.js";
import { retryableResult } from "../delivery/http/send-failures.js";
import { concurrencyOf, createRetryingHttp } from "../delivery/retrying-http.js";
import type { ServerTransport } from "../delivery/retrying-http.js";
import type { ThreadSettings } from "../delivery/thread/thread-messages.js";
import { createThreadTransport, threadBounds } from "../delivery/thread/thread-transport.js";
import { createSpoolReplay } from "../delivery/spool/spool-replay.js";
import type { SpoolReplay } from "../delivery/spool/spool-replay.js";
import type { SenderResult, SendResult, Transport } from "../delivery/transport.js";
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
  const { diagnostics, ledger, memory, onOperation } = dependencies;
  const spool = spoolOf(settings, dependencies);
  const failFast = (): boolean => spool !== undefined && spool.isUsable !== false;
  const hasDelivered = (): boolean => sender.stats().envelopesSent > 0;
  const target = targetOf(settings, options, dependencies);
  const local = createRetryingHttp({ ...target, diagnostics, runDetached, failFast, hasDelivered });
  const transport =
    options.thread === true ? threadOf({ target, local, failFast, dependencies }) : local;
  const reports = reportsOf(settings, dependencies);
  const replay =
    spool && replayOf(spool, { transport, server: transport, ledger, senderOf: () => sender });
  const sender = createEnvelopeSender({
    ...senderSettings(dependencies),
    ...(options.thread === true ? threadBounds(memory) : concurrencyOf(options)),
    transport,
    spool,
    replay,
    reports,
    onOperation,
  });
  startReplay(spool, replay);
  return {
    sender,
    counts: () => {
      const { connections, ...attempts } = transport.state();
      const counts = { connections, attempts, spool: spool?.counts(), reports: reports.counts() };
      return { sender: sender.stats(), ...counts };
    },
  };
}

type Target = Omit<ThreadSettings, "network">;

function targetOf(settings: Settings, options: HttpOptions, { dsn }: HttpDependencies): Target {
  return {
    ...options,
    proxyEnvironment: proxyFromEnvironment(),
    dsn,
    tunnel: settings.tunnel,
    client: `${SDK_NAME}/${SDK_VERSION}`,
  };
}

interface ThreadDependencies {
  readonly target: Target;
  readonly local: ServerTransport;
  readonly failFast: () => boolean;
  readonly dependencies: HttpDependencies;
}

function threadOf({ target, local, failFast, dependencies }: ThreadDependencies): ServerTransport {
  const { protocol } = new URL(target.tunnel ?? dsnOrigin(target.dsn));
  return createThreadTransport({
    local,
    settings: { ...target, network: networkDefaults(protocol === "https:") },
    environment: networkEnvironment(),
    failFast,
    diagnostics: dependencies.diagnostics,
    runDetached,
  });
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
  readonly transport: SenderTransport;
  /** Times the attempts; undefined for a custom transport. */
  readonly server?: ServerTransport;
  readonly ledger: DiscardLedger;
  /** Returns the sender, which is created after the replay. */
  readonly senderOf: () => EnvelopeSender;
}

function replayOf(spool: Spool, dependencies: ReplayDependencies): SpoolReplay {
  const { transport, server, ledger, senderOf } = dependencies;
  return createSpoolReplay({
    spool,
    whenDue: server && ((holdMillis) => server.whenDue(holdMillis)),
    isReachable: server && (() => server.isReachable),
    send: async (envelope) => sentResult(await transport.send(envelope, PROBE)),
    isLimited: (category) => senderOf().isLimited(category),
    onOutcome: (spooled, result) => {
      senderOf().recordSpooled(spooled, result);
      if (!spooled.isOwn && result.outcome === "rejected")
        ledger.recordForeign("send_error", spooled.envelope.contents);
    },
  });
}

// The sender thread refuses no probe for a rate limit, because the replay has checked the limits.
function sentResult(result: SenderResult): SendResult {
  if (result.outcome !== "unsent") return result;
  return retryableResult("the category is rate-limited", "connect");
}

function startReplay(spool: Spool | undefined, replay: SpoolReplay | undefined): void {
  if (spool === undefined) return;
  runDetached(() => {
    void spool.prepare?.();
    replay?.start();
  });
}
