import { stampedBytes } from "../protocol/envelope.js";
import type { SendResult, Transport } from "../delivery/transport.js";
import type { ReadEnvelope } from "./envelope-reader.js";
import { readEnvelope } from "./envelope-reader.js";
import type { ReceivedError, ReceivedTransaction } from "./received.js";
import { checkPayloads, errorsOf, transactionsOf } from "./received.js";

/** Options of `createMemoryTransport`. */
export interface MemoryTransportOptions {
  /** Returns the outcome of each envelope. Default: delivered. */
  readonly respond?: (envelope: ReadEnvelope) => SendResult | Promise<SendResult>;
}

/** A transport for tests that keeps envelopes in memory. */
export interface MemoryTransport extends Transport {
  /** The delivered envelopes, in order. */
  readonly envelopes: readonly ReadEnvelope[];
  /** Errors of envelopes that could not be parsed; each was answered with 400, as by a server. */
  readonly faults: readonly Error[];
  transactions(): ReceivedTransaction[];
  errors(): ReceivedError[];
  /** Removes all envelopes and faults. */
  clear(): void;
}

const NO_LIMITS = { rateLimits: undefined, retryAfter: undefined };
const DELIVERED: SendResult = { outcome: "delivered", statusCode: 200, limits: NO_LIMITS };
const MALFORMED: SendResult = { outcome: "rejected", statusCode: 400, limits: NO_LIMITS };

/** Creates a transport that parses each envelope from its bytes, as a server would, and sends nothing. */
export function createMemoryTransport(options: MemoryTransportOptions = {}): MemoryTransport {
  const { respond = () => DELIVERED } = options;
  const envelopes: ReadEnvelope[] = [];
  const faults: Error[] = [];
  let isClosed = false;

  const receive = async (bytes: Uint8Array): Promise<SendResult> => {
    let envelope: ReadEnvelope;
    try {
      envelope = readEnvelope(bytes);
      checkPayloads(envelope);
    } catch (error) {
      faults.push(asError(error));
      return MALFORMED;
    }
    const result = await respond(envelope);
    if (result.outcome === "delivered") envelopes.push(envelope);
    return result;
  };

  return {
    envelopes,
    faults,
    transactions: () => transactionsOf(envelopes),
    errors: () => errorsOf(envelopes),
    clear() {
      envelopes.length = 0;
      faults.length = 0;
    },
    async send(envelope) {
      if (isClosed) return { outcome: "retryable", error: new Error("the transport is closed") };
      try {
        // A copy, because the sender may change `sent_at` in the bytes and send them again.
        return await receive(Uint8Array.from(stampedBytes(envelope, Date.now()).body));
      } catch (error) {
        return { outcome: "retryable", error: asError(error) };
      }
    },
    async close() {
      isClosed = true;
    },
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
