import { onTestFinished } from "vitest";

import type { HttpOptions, SpoolOptions } from "../../src/options/delivery-options.js";
import { DiscardLedger } from "../../src/client-reports/ledger.js";
import { resolveOptions } from "../../src/options/resolve.js";
import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import { parseDsn } from "../../src/protocol/dsn.js";
import { MemoryBound } from "../../src/delivery/memory-bound.js";
import { createDelivery } from "../../src/setup/create-delivery.js";
import type { EnvelopeSender } from "../../src/delivery/sender.js";
import { recordingDiagnostics } from "../delivery/support.js";
import type { ClientAccounting } from "./accounted.js";
import type { CapturedCategory, EnvelopeOptions } from "./envelopes.js";
import { envelopesFor, quantitiesIn } from "./envelopes.js";
import type { FaultServer } from "./kit.js";
import { withThread } from "./sender-thread.js";

/** The way of envelopes to a server, as a client builds it. */
export interface DeliveryBench {
  readonly sender: EnvelopeSender;
  /** What was said about trouble. */
  readonly warnings: readonly string[];
  /** Enqueues envelopes of one category; returns them. */
  capture(count: number, category?: CapturedCategory, options?: EnvelopeOptions): EncodedEnvelope[];
  enqueue(envelope: EncodedEnvelope): void;
  /** Enqueues one of a category and waits until it has an outcome. */
  send(category?: CapturedCategory, options?: EnvelopeOptions): Promise<void>;
  /** Whether all of it had an outcome in time, default 10 s. */
  flush(timeoutMillis?: number): Promise<boolean>;
  accounting(): ClientAccounting;
}

/** How a delivery is built. */
export interface DeliveryOptions extends HttpOptions {
  readonly maxBufferedBytes?: number;
  readonly spool?: SpoolOptions;
  /** Another server than the one that was started. */
  readonly dsn?: string;
}

const FLUSH_MILLIS = 10_000;
const CLOSE_MILLIS = 1000;

/** Opens a delivery for the length of the test. */
export function openDelivery(server: FaultServer, options: DeliveryOptions = {}): DeliveryBench {
  const { maxBufferedBytes, spool, dsn = server.dsn, ...transport } = options;
  const { diagnostics, warnings } = recordingDiagnostics();
  const ledger = new DiscardLedger();
  const settings = resolveOptions(withThread({ dsn, transport, spool, maxBufferedBytes }));
  const delivery = createDelivery(settings, {
    dsn: parseDsn(dsn),
    diagnostics,
    ledger,
    memory: new MemoryBound(settings.maxBufferedBytes),
  });
  if (delivery === undefined) throw new Error("there is no delivery");
  const { sender } = delivery;
  onTestFinished(async () => void (await sender.close(CLOSE_MILLIS)));

  const captured: EncodedEnvelope[] = [];
  const enqueue = (envelope: EncodedEnvelope): void => {
    captured.push(envelope);
    sender.enqueue(envelope);
  };
  const flush = (timeoutMillis = FLUSH_MILLIS): Promise<boolean> => sender.flush(timeoutMillis);
  const capture: DeliveryBench["capture"] = (count, category, envelope) => {
    const envelopes = envelopesFor(count, category, envelope);
    for (const each of envelopes) enqueue(each);
    return envelopes;
  };
  return {
    sender,
    warnings,
    enqueue,
    capture,
    flush,
    async send(category, envelope) {
      capture(1, category, envelope);
      if (!(await flush())) throw new Error("no outcome in time");
    },
    accounting() {
      const { delivered, queued } = sender.stats();
      const dropped = ledger.snapshot();
      return { captured: quantitiesIn(captured), delivered, queued, spooled: {}, dropped };
    },
  };
}
