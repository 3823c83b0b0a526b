import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import type { SendResult, Transport } from "../../src/delivery/transport.js";
import { DELIVERED } from "./support.js";

/** A transport whose sends end when the test says so, oldest first. */
export interface HeldTransport extends Transport {
  /** All that were sent, in order. */
  readonly sent: readonly EncodedEnvelope[];
  readonly held: number;
  readonly closes: number;
  /** Ends the oldest send that is held; default: delivered. */
  release(result?: SendResult | Error): void;
  releaseAll(result?: SendResult): void;
  /** Delivers the newest send that is held. */
  releaseNewest(): void;
}

interface HeldOptions {
  /** What `close` does with the sends that are held; default: they fail, as with real connections. */
  readonly onClose?: "fail" | "hang" | "ignore";
}

export function heldTransport({ onClose = "fail" }: HeldOptions = {}): HeldTransport {
  const sent: EncodedEnvelope[] = [];
  const waiting: ((result: SendResult | Error) => void)[] = [];
  let closes = 0;

  const release = (result: SendResult | Error = DELIVERED): void => waiting.shift()?.(result);
  const releaseAll = (result: SendResult = DELIVERED): void => {
    while (waiting.length > 0) release(result);
  };

  return {
    sent,
    get held() {
      return waiting.length;
    },
    get closes() {
      return closes;
    },
    release,
    releaseAll,
    releaseNewest: () => waiting.pop()?.(DELIVERED),
    send(envelope) {
      sent.push(envelope);
      return new Promise((resolve, reject) => {
        waiting.push((result) => (result instanceof Error ? reject(result) : resolve(result)));
      });
    },
    close() {
      closes += 1;
      if (onClose === "fail") releaseAll({ outcome: "retryable", error: new Error("destroyed") });
      return onClose === "hang" ? new Promise(() => {}) : Promise.resolve();
    },
  };
}
