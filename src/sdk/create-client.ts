import { diag } from "@opentelemetry/api";

import { DiscardLedger } from "../client-reports/discard-recorder.js";
import { SentryClient } from "../client/client.js";
import { createDiagnostics } from "../diagnostics/diagnostics.js";
import type { Diagnostics, DiagnosticsLogger } from "../diagnostics/diagnostics.js";
import type { ClientOptions, Settings } from "../options/options.js";
import { resolveOptions } from "../options/resolve.js";
import { runDetached } from "../otel/suppress.js";
import { parseDsn, publicDsn } from "../protocol/dsn.js";
import { createEnvelopeSender } from "../transport/envelope-sender.js";
import type { EnvelopeSender } from "../transport/envelope-sender.js";
import { createHttpTransport } from "../transport/http-transport.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import { createDelivery } from "./create-delivery.js";
import { newEventId } from "./event-id.js";
import { getClient, setClient } from "./global-client.js";
import { ProcessEnd } from "./process-end.js";

/**
 * Builds a client. The first one becomes the process-wide one, until it is closed. Throws an `OptionsError` that names
 * the option when one is not what it should be; nothing else of this package throws.
 */
export function createClient(options: ClientOptions = {}): SentryClient {
  const settings = resolveOptions(options);
  const diagnostics = createDiagnostics(loggerOf(settings));
  const dsn = settings.dsn === undefined ? undefined : parseDsn(settings.dsn);
  const ledger = new DiscardLedger();
  const client: SentryClient = new SentryClient({
    settings,
    diagnostics,
    ledger,
    sender: createDelivery(settings, { dsn, diagnostics, ledger })?.sender,
    spotlight: spotlightOf(settings, diagnostics),
    publicKey: dsn?.publicKey ?? "",
    orgId: settings.orgId ?? dsn?.orgId,
    headerMembers:
      settings.tunnel === undefined || dsn === undefined
        ? ""
        : `,"dsn":${JSON.stringify(publicDsn(dsn))}`,
    newEventId,
    random: Math.random,
    onClosed: () => processEnd.remove(client),
  });
  processEnd.add(client, settings.flushOnSignals);
  const known = getClient();
  if (known === undefined || known.isClosed) setClient(client);
  return client;
}

const processEnd = new ProcessEnd(process);

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
