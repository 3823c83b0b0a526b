import { ItemCounter } from "../protocol/data-category.js";
import type { DiscardRecorder } from "../client-reports/ledger.js";
import type { Diagnostics } from "../support/diagnostics.js";
import type { DataCategory, ItemCount } from "../protocol/data-category.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import {
  isRefusal,
  isRefusedForGood,
  networkMessage,
  rejectionMessage,
} from "./http/send-failures.js";
import { createRateLimits } from "./rate-limits.js";
import type { SendResult } from "./transport.js";

// Categories that the application captures by explicit calls, with their names in messages.
const CAPTURED: Readonly<Partial<Record<DataCategory, string>>> = {
  error: "an error or message",
  feedback: "feedback",
  monitor: "a check-in",
};

/** Diagnostic kind of the set-up fault "a connection was refused because of a certificate or the proxy". */
export const REFUSAL_FAULT = "refused-connection";

/** Dependencies of `SendOutcomes`. */
interface SendOutcomesSettings {
  readonly recorder: DiscardRecorder;
  readonly diagnostics: Diagnostics;
  readonly now: () => number;
}

/** The outcome of a spooled envelope. */
interface SpooledResult {
  readonly result: SendResult;
  /** True if this process captured the envelope. */
  readonly isOwn: boolean;
}

/** Counts the outcome of each envelope that leaves the sender exactly once, and logs each kind of outcome once. */
export class SendOutcomes {
  readonly #recorder: DiscardRecorder;
  readonly #diagnostics: Diagnostics;
  readonly #now: () => number;
  readonly #limits = createRateLimits();
  readonly #delivered = new ItemCounter();
  readonly #abandoned = new ItemCounter();
  #envelopesSent = 0;

  constructor(settings: SendOutcomesSettings) {
    this.#recorder = settings.recorder;
    this.#diagnostics = settings.diagnostics;
    this.#now = settings.now;
  }

  get envelopesSent(): number {
    return this.#envelopesSent;
  }

  delivered(): Partial<Record<DataCategory, number>> {
    return this.#delivered.counts();
  }

  isLimited(category: DataCategory): boolean {
    return this.#limits.isLimited(category, this.#now());
  }

  /** True if any rate limit is active. */
  get hasLimits(): boolean {
    return this.#limits.isActive(this.#now());
  }

  /**
   * Reports a refused connection as a set-up fault, whatever happens to the envelope: with a spool nothing is lost at
   * first, so it could go unnoticed that nothing arrives.
   */
  noteRefusal(result: SendResult): void {
    if (result.outcome !== "retryable" || !isRefusal(result.error)) return;
    this.#diagnostics.faultOnce(REFUSAL_FAULT, networkMessage(result.error));
  }

  /** Counts the result that a transport returned, and applies its rate limits. */
  record(envelope: EncodedEnvelope, result: SendResult): void {
    if (result.outcome === "retryable") return this.#unreachable(envelope, result.error);
    this.#limits.update(result.limits, result.statusCode, this.#now());
    if (result.outcome === "delivered") this.#accepted(envelope);
    else if (result.outcome === "limited") this.#limited(envelope);
    else this.#rejected(envelope, result.statusCode);
  }

  /** Counts the result of a spooled envelope. For an envelope of another process only the rate limits are applied. */
  recordSpooled(envelope: EncodedEnvelope, { result, isOwn }: SpooledResult): void {
    if (result.outcome === "retryable") return;
    this.#limits.update(result.limits, result.statusCode, this.#now());
    if (!isOwn) return;
    if (result.outcome === "delivered") this.#accepted(envelope);
    // A rate-limited envelope is still in the spool.
    else if (result.outcome === "rejected") this.#rejected(envelope, result.statusCode);
  }

  /** Tells whether items need not be sent, after `close` or by a rate limit; counts them as lost if so. */
  refuses(items: Pick<EncodedEnvelope, "category" | "contents">, isClosed: boolean): boolean {
    if (isClosed) this.#late(items.category, items.contents);
    else if (this.isLimited(items.category)) this.droppedByLimit(items);
    else return false;
    return true;
  }

  droppedByLimit({ category, contents }: Pick<EncodedEnvelope, "category" | "contents">): void {
    this.#diagnostics.warnOnce(
      `limit:${category}`,
      `the server has rate-limited \`${category}\` items; they are dropped until the limit ends. Lower the sample rate, or raise the quota or the limit of the DSN's key in Sentry`,
    );
    this.#recorder.record("ratelimit_backoff", contents);
  }

  overflowed({ contents }: EncodedEnvelope): void {
    this.#diagnostics.warnOnce(
      "queue-overflow",
      "the queue is full because more is captured than the server accepts: envelopes of the lowest priority are dropped. Lower the sample rate, raise `maxBufferedBytes`, or set `spool`",
    );
    this.#recorder.record("queue_overflow", contents);
  }

  superseded({ contents }: EncodedEnvelope): void {
    this.#recorder.record("superseded", contents);
  }

  /** Counts items that were discarded, unsent, when the sender was closed. */
  abandoned(contents: readonly ItemCount[]): void {
    this.#abandoned.add(contents);
    this.#recorder.record("closed", contents);
  }

  abandonedItems(): Partial<Record<DataCategory, number>> {
    return this.#abandoned.counts();
  }

  transportThrew({ contents }: EncodedEnvelope, error: unknown): void {
    this.#diagnostics.warnOnce(
      "transport",
      "the transport threw, and the envelope is lost. `send` of a transport must resolve to a result",
      error,
    );
    this.#recorder.record("internal_sdk_error", contents);
  }

  // Counts items that were captured after `close`. For logs, metrics and spans this is normal at the end of a process; for
  // others it is reported as a set-up fault.
  #late(category: DataCategory, contents: readonly ItemCount[]): void {
    const noun = CAPTURED[category];
    if (noun !== undefined)
      this.#diagnostics.faultOnce(
        "late-capture",
        `${noun} was captured after the client was closed, and is lost. Close the client, or shut the provider down, after the last capture`,
      );
    this.#recorder.record("closed", contents);
  }

  #accepted({ contents }: EncodedEnvelope): void {
    this.#envelopesSent += 1;
    this.#delivered.add(contents);
  }

  // The server itself counts this loss.
  #limited({ contents }: EncodedEnvelope): void {
    this.#diagnostics.warnOnce(
      "rate-limited",
      "the server answered HTTP 429: the quota or a rate limit is exhausted, and the items that it covers are dropped. Lower the sample rate, or raise the quota or the limit of the DSN's key in Sentry",
    );
    this.#recorder.record("rate_limited", contents);
  }

  #rejected({ body, contents }: EncodedEnvelope, statusCode: number): void {
    const kind = `rejected:${statusCode}`;
    const message = rejectionMessage(statusCode, body.length);
    if (isRefusedForGood(statusCode)) this.#diagnostics.faultOnce(kind, message);
    else this.#diagnostics.warnOnce(kind, message);
    this.#recorder.record("send_error", contents);
  }

  #unreachable({ contents }: EncodedEnvelope, error: Error): void {
    if (!isRefusal(error)) this.#diagnostics.warnOnce("network", networkMessage(error), error);
    this.#recorder.record("network_error", contents);
  }
}
