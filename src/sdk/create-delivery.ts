import type { DiscardLedger } from "../client-reports/discard-recorder.js";
import type { Diagnostics } from "../diagnostics/diagnostics.js";
import type { HttpOptions, Settings } from "../options/options.js";
import { isTransport } from "../options/validate.js";
import { runDetached } from "../otel/suppress.js";
import type { Dsn } from "../protocol/dsn.js";
import { createEnvelopeSender } from "../transport/envelope-sender.js";
import type { EnvelopeSender } from "../transport/envelope-sender.js";
import { createHttpTransport } from "../transport/http-transport.js";
import type { Transport } from "../transport/transport.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";

/** What a client's delivery is made of, beside its settings. */
export interface DeliveryParts {
  readonly dsn: Dsn | undefined;
  readonly diagnostics: Diagnostics;
  readonly ledger: DiscardLedger;
}

/** The way from envelopes to the server. */
export interface Delivery {
  readonly sender: EnvelopeSender;
}

const DEFAULT_MAX_CONNECTIONS = 96;

/** Puts the delivery of a client together; undefined where nothing is sent. */
export function createDelivery(settings: Settings, parts: DeliveryParts): Delivery | undefined {
  // A transport of the application's own gets the envelopes even without a DSN.
  const transport = transportOf(settings, parts);
  if (transport === undefined) return undefined;
  const sender = createEnvelopeSender({
    transport,
    recorder: parts.ledger,
    diagnostics: parts.diagnostics,
    maxBufferedBytes: settings.maxBufferedBytes,
    ...concurrency(isTransport(settings.transport) ? {} : settings.transport),
    runDetached,
  });
  return { sender };
}

function transportOf(settings: Settings, parts: DeliveryParts): Transport | undefined {
  const { dsn, diagnostics } = parts;
  if (isTransport(settings.transport)) return settings.transport;
  if (dsn === undefined) return undefined;
  const maxConnections = settings.transport.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  return createHttpTransport({
    ...settings.transport,
    maxConnections,
    dsn,
    tunnel: settings.tunnel,
    client: `${SDK_NAME}/${SDK_VERSION}`,
    diagnostics,
    runDetached,
  });
}

// A third of the connections is for when the others get no answer.
function concurrency({ maxConnections = DEFAULT_MAX_CONNECTIONS }: HttpOptions): {
  maxConcurrency: number;
  stalledConcurrency: number;
} {
  const maxConcurrency = Math.max(1, Math.floor((maxConnections * 2) / 3));
  return { maxConcurrency, stalledConcurrency: Math.floor(maxConnections) - maxConcurrency };
}
