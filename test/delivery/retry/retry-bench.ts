import type { DataCategory } from "../../../src/protocol/data-category.js";
import type { EncodedEnvelope } from "../../../src/protocol/envelope.js";
import type {
  RetryTransport,
  RetryTransportSettings,
} from "../../../src/delivery/retry/retry-transport.js";
import { createRetryTransport } from "../../../src/delivery/retry/retry-transport.js";
import type {
  FailurePhase,
  SendOptions,
  SendResult,
  Transport,
} from "../../../src/delivery/transport.js";
import type { ManualTimers } from "../../time/manual-timers.js";
import { manualTimers } from "../../time/manual-timers.js";
import { DELIVERED, envelopeOf } from "../support.js";

/** One transmission, as the inner transport saw it. */
export interface Transmission {
  readonly envelope: EncodedEnvelope;
  readonly options: SendOptions | undefined;
  readonly at: number;
}

/** How a scripted transport answers: at once, when the test says so (`held`), or by throwing. */
export type Reply = SendResult | Error | "held";

/** A transport that answers by a script, one entry per transmission; after its end, by `otherwise`. */
export interface ScriptedTransport extends Transport {
  readonly transmissions: readonly Transmission[];
  readonly script: Reply[];
  /** Answers by the envelope, if set; before `otherwise`. */
  replyTo: ((envelope: EncodedEnvelope) => Reply) | undefined;
  otherwise: Reply;
  readonly closes: number;
  /** Ends a transmission that is held, by its place among those: default the oldest. */
  settle(result: SendResult | Error, index?: number): void;
  readonly held: number;
}

/** A retry transport whose inner transport, timers, clock and chance are the test's. */
export interface RetryBench {
  readonly transport: RetryTransport;
  readonly inner: ScriptedTransport;
  readonly timers: ManualTimers;
  /** Sends a new envelope and collects its outcome. */
  readonly send: (options?: SendOptions, category?: DataCategory) => Sent;
  /** Fails as many sends that are not tried again, one after another; default: as many as open the breaker. */
  readonly fail: (count?: number) => Promise<void>;
  /** Moves the clock in small steps, so that each timer runs when it is due. */
  readonly pass: (millis: number) => Promise<void>;
}

/** A send with what became of it. */
export interface Sent {
  readonly envelope: EncodedEnvelope;
  readonly outcomes: readonly (SendResult | Error)[];
}

const STEP_MILLIS = 50;

export function retryBench(settings: Partial<RetryTransportSettings> = {}): RetryBench {
  const timers = manualTimers();
  const inner = scriptedTransport(() => timers.now());
  const transport = createRetryTransport({
    transport: inner,
    timers,
    now: () => timers.now(),
    // The middle: delays are three quarters of their longest, and the brief one is 0.5 s.
    random: () => 0.5,
    ...settings,
  });

  const send = (options?: SendOptions, category?: DataCategory): Sent => {
    const envelope = envelopeOf(category);
    const outcomes: (SendResult | Error)[] = [];
    transport.send(envelope, options).then(
      (result) => outcomes.push(result),
      (error: unknown) => outcomes.push(error instanceof Error ? error : new Error(String(error))),
    );
    return { envelope, outcomes };
  };

  const fail = async (count = 5): Promise<void> => {
    for (let done = 0; done < count; done += 1) {
      inner.script.push(failed("refused"));
      send();
      await timers.turn();
    }
  };

  const pass = async (millis: number): Promise<void> => {
    for (let left = millis; left > 0; left -= STEP_MILLIS)
      await timers.advance(Math.min(left, STEP_MILLIS));
  };

  return { transport, inner, timers, send, fail, pass };
}

/** Transmissions that `outage` makes. */
export const START = 5;

/** A bench whose breaker has just opened. */
export async function outage(settings: Partial<RetryTransportSettings> = {}): Promise<RetryBench> {
  const bench = retryBench(settings);
  await bench.fail();
  return bench;
}

/** When what followed `outage` was sent. */
export function timesOf({ inner }: RetryBench): number[] {
  return inner.transmissions.slice(START).map(({ at }) => at);
}

/** No response. */
export function failed(phase?: FailurePhase): SendResult {
  const error = new Error(`failed: ${phase ?? "no phase"}`);
  return { outcome: "retryable", error, ...(phase === undefined ? {} : { phase }) };
}

/** A response; `retryAfter` as the header says it. */
export function answered(statusCode: number, retryAfter?: string): SendResult {
  const limits = { rateLimits: undefined, retryAfter };
  if (statusCode === 429) return { outcome: "limited", statusCode, limits };
  return { outcome: statusCode < 300 ? "delivered" : "rejected", statusCode, limits };
}

export function scriptedTransport(now: () => number): ScriptedTransport {
  const transmissions: Transmission[] = [];
  const script: Reply[] = [];
  const waiting: ((result: SendResult | Error) => void)[] = [];
  let closes = 0;

  const wait = (): Promise<SendResult> =>
    new Promise((resolve, reject) => {
      waiting.push((result) => (result instanceof Error ? reject(result) : resolve(result)));
    });

  return {
    transmissions,
    script,
    replyTo: undefined,
    otherwise: DELIVERED,
    get closes() {
      return closes;
    },
    get held() {
      return waiting.length;
    },
    settle(result, index = 0) {
      for (const end of waiting.splice(index, 1)) end(result);
    },
    send(envelope, options) {
      transmissions.push({ envelope, options, at: now() });
      const reply = script.shift() ?? this.replyTo?.(envelope) ?? this.otherwise;
      if (reply === "held") return wait();
      return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
    },
    async close() {
      closes += 1;
      for (const end of waiting.splice(0)) end(failed("refused"));
    },
  };
}
