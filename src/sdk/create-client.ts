import { diag } from "@opentelemetry/api";

import { DiscardLedger } from "../client-reports/discard-recorder.js";
import { SentryClient } from "../client/client.js";
import { createDiagnostics } from "../diagnostics/diagnostics.js";
import type { Diagnostics, DiagnosticsLogger } from "../diagnostics/diagnostics.js";
import type { ClientOptions, Settings } from "../options/options.js";
import { resolveOptions } from "../options/resolve.js";
import { isTransport } from "../options/validate.js";
import { runDetached } from "../otel/suppress.js";
import { parseDsn, publicDsn } from "../protocol/dsn.js";
import type { Dsn } from "../protocol/dsn.js";
import { createEnvelopeSender } from "../transport/envelope-sender.js";
import type { EnvelopeSender } from "../transport/envelope-sender.js";
import { createHttpTransport } from "../transport/http-transport.js";
import type { Transport } from "../transport/transport.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import { newEventId } from "./event-id.js";
import { getClient, setClient } from "./global-client.js";

/**
 * Builds a client. The first one becomes the process-wide one, until it is closed. Throws an `OptionsError` that names
 * the option when one is not what it should be; nothing else of this package throws.
 */
export function createClient(options: ClientOptions = {}): SentryClient {
  const settings = resolveOptions(options);
  const diagnostics = createDiagnostics(loggerOf(settings));
  const dsn = settings.dsn === undefined ? undefined : parseDsn(settings.dsn);
  const ledger = new DiscardLedger();
  const client = new SentryClient({
    settings,
    diagnostics,
    ledger,
    sender: senderOf(settings, { dsn, diagnostics, ledger }),
    spotlight: spotlightOf(settings, diagnostics),
    publicKey: dsn?.publicKey ?? "",
    orgId: settings.orgId ?? dsn?.orgId,
    headerMembers:
      settings.tunnel === undefined || dsn === undefined
        ? ""
        : `,"dsn":${JSON.stringify(publicDsn(dsn))}`,
    newEventId,
    random: Math.random,
  });
  const known = getClient();
  if (known === undefined || known.isClosed) setClient(client);
  return client;
}

/** The client itself, or a new one with the options. */
export function clientOf(optionsOrClient: ClientOptions | SentryClient | undefined): {
  client: SentryClient;
  isNew: boolean;
} {
  if (isClient(optionsOrClient)) return { client: optionsOrClient, isNew: false };
  return { client: createClient(optionsOrClient), isNew: true };
}

// By what it can do: a client of the package's other build is of another class.
function isClient(value: ClientOptions | SentryClient | undefined): value is SentryClient {
  return typeof value === "object" && value !== null && "captureTransaction" in value;
}

function toStandardError(message: string, ...details: unknown[]): void {
  process.stderr.write(`${[message, ...details.map(String)].join(" ")}\n`);
}

const standardError: DiagnosticsLogger = { warn: toStandardError, debug: toStandardError };

function loggerOf(settings: Settings): DiagnosticsLogger {
  return settings.debug ? standardError : diag;
}

interface SenderParts {
  readonly dsn: Dsn | undefined;
  readonly diagnostics: Diagnostics;
  readonly ledger: DiscardLedger;
}

// A transport of the application's own gets the envelopes even without a DSN.
function senderOf(settings: Settings, parts: SenderParts): EnvelopeSender | undefined {
  const transport = transportOf(settings, parts);
  if (transport === undefined) return undefined;
  return createEnvelopeSender({
    transport,
    recorder: parts.ledger,
    diagnostics: parts.diagnostics,
    maxBufferedBytes: settings.maxBufferedBytes,
    runDetached,
  });
}

function transportOf(settings: Settings, { dsn, diagnostics }: SenderParts): Transport | undefined {
  if (isTransport(settings.transport)) return settings.transport;
  if (dsn === undefined) return undefined;
  return createHttpTransport({
    dsn,
    tunnel: settings.tunnel,
    client: `${SDK_NAME}/${SDK_VERSION}`,
    maxConnections: settings.transport.maxConnections,
    gzipThresholdBytes: settings.transport.gzipThresholdBytes,
    diagnostics,
    runDetached,
  });
}

// Spotlight speaks the same protocol, without authentication: a tunnel to nowhere.
function spotlightOf(settings: Settings, diagnostics: Diagnostics): EnvelopeSender | undefined {
  if (settings.spotlight === undefined) return undefined;
  const transport = createHttpTransport({
    dsn: parseDsn("http://spotlight@localhost/0"),
    tunnel: settings.spotlight,
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
