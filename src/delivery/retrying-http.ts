import type { Diagnostics } from "../support/diagnostics.js";
import { steadyNow } from "../support/time.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { ConnectionCounts } from "./http/connection-types.js";
import type { HttpTransport, HttpTransportSettings } from "./http/http-transport.js";
import { DEFAULT_MAX_CONNECTIONS, createHttpTransport } from "./http/http-transport.js";
import type { UnansweredError } from "./http/send-failures.js";
import { failureReason, networkMessage } from "./http/send-failures.js";
import { createRetryTransport } from "./retry/retry-transport.js";
import type { RetryTransport, RetryTransportSettings } from "./retry/retry-transport.js";
import { DEFAULT_URGENT } from "./send-slots.js";
import type { SenderTransport } from "./sender.js";
import type {
  ObservedTransport,
  SenderResult,
  SendObserver,
  SendOptions,
  SendResult,
  Transport,
} from "./transport.js";

/** A transport to the server that retries failed sends, in this thread or in another. */
export interface ServerTransport extends ObservedTransport<SenderResult>, SenderTransport {
  wake(): void;
  readonly isReachable: boolean;
  readonly holdsSends: true;
  /** As `RetryTransport.whenDue`. */
  whenDue(holdMillis: number): Promise<boolean>;
  /** Returns the counts of the transport and its last failure. */
  state(): TransportState;
}

/** A `ServerTransport` that sends in this thread. */
export interface LocalTransport extends ServerTransport {
  send: Transport["send"];
  deliver: ObservedTransport["deliver"];
}

/** Counts and last failure of a transport to the server. */
export interface TransportState {
  readonly connections: ConnectionCounts;
  readonly retries: number;
  /** Envelopes that wait for their next attempt. */
  readonly held: number;
  readonly isReachable: boolean;
  /** The error of the last attempt; undefined once the server has responded. */
  readonly lastError: Error | undefined;
  /** Describes the request that has waited longest for a response. */
  readonly unanswered: UnansweredError | undefined;
}

/** Settings of a transport to the server. */
export interface RetryingHttpSettings
  extends HttpTransportSettings, Pick<RetryTransportSettings, "failFast" | "retryOn5xx"> {
  /** Tells whether the server has accepted an envelope since the start. */
  readonly hasDelivered: () => boolean;
}

/** Creates a transport over HTTP that retries. Throws `OptionsError` for a bad tunnel, proxy or certificate. */
export function createRetryingHttp(settings: RetryingHttpSettings): LocalTransport {
  return new RetryingHttp(settings);
}

class RetryingHttp implements LocalTransport {
  readonly holdsSends = true;
  readonly #http: HttpTransport;
  readonly #retry: RetryTransport;

  constructor(settings: RetryingHttpSettings) {
    const { diagnostics, hasDelivered, retryOn5xx, failFast, runDetached } = settings;
    const outage = new FirstOutage(diagnostics);
    this.#http = createHttpTransport(settings);
    this.#retry = createRetryTransport({
      transport: this.#http,
      retryOn5xx,
      failFast,
      runDetached,
      onRetry: (_envelope, last) => {
        if (!isReported(last)) return;
        diagnostics.warnOnce("retry", `${networkMessage(last.error)}; the envelope is sent again`);
        if (!hasDelivered()) outage.continues(last.error);
      },
    });
  }

  send(envelope: EncodedEnvelope, options?: SendOptions): Promise<SendResult> {
    return this.#retry.send(envelope, options);
  }

  deliver(envelope: EncodedEnvelope, observer: SendObserver, options?: SendOptions): void {
    this.#retry.deliver(envelope, observer, options);
  }

  get isReachable(): boolean {
    return this.#retry.isReachable;
  }

  wake(): void {
    this.#retry.wake();
  }

  whenDue(holdMillis: number): Promise<boolean> {
    return this.#retry.whenDue(holdMillis);
  }

  state(): TransportState {
    const { retries, held } = this.#retry.counts();
    const { isReachable, lastError } = this.#retry;
    const { unanswered } = this.#http;
    return { connections: this.#http.counts(), retries, held, isReachable, lastError, unanswered };
  }

  close(): Promise<void> {
    return this.#retry.close();
  }
}

type Failure = Extract<SendResult, { outcome: "retryable" }>;

// Servers close kept connections all the time; that is not worth a message.
function isReported(last: SendResult): last is Failure {
  return last.outcome === "retryable" && last.phase !== "reused";
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

/**
 * Returns how many envelopes may be in flight. A quarter of the connections is reserved: half of it, at most four, for errors and
 * check-ins, the rest for when the others get no answer.
 */
export function concurrencyOf({
  maxConnections = DEFAULT_MAX_CONNECTIONS,
}: Pick<HttpTransportSettings, "maxConnections">): {
  maxConcurrency: number;
  stalledConcurrency: number;
} {
  const connections = Math.floor(maxConnections);
  const reserved = Math.min(Math.max(Math.floor(connections / 4), 1), connections - 1);
  const urgent = Math.min(Math.floor(reserved / 2), DEFAULT_URGENT);
  return { maxConcurrency: connections - reserved, stalledConcurrency: reserved - urgent };
}
