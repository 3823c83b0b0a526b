import type { DiscardLedger } from "../client-reports/discard-recorder.js";
import type { Diagnostics } from "../support/diagnostics.js";
import type { Settings } from "../options/options.js";
import type { DataCategory, ItemCount } from "../protocol/data-category.js";
import { encodeEnvelope } from "../protocol/envelope.js";
import type { EnvelopeParts } from "../protocol/envelope.js";
import type { EnvelopeSender } from "../delivery/sender.js";
import { ItemCounter } from "../protocol/item-counter.js";
import type { Timers } from "../support/timers.js";
import type { AttachmentItems } from "./attachments.js";
import { MAX_ATTACHMENT_BYTES, NO_ATTACHMENTS } from "./attachments.js";
import type { BuildResult, BuiltEnvelope } from "./envelope-builder.js";
import type { Eventual } from "./hook-runner.js";
import { WaitingEvents } from "./waiting-events.js";
import type { WaitingEvent } from "./waiting-events.js";

/** Parts of an outbox. */
export interface OutboxParts {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly ledger: DiscardLedger;
  /** Absent without a DSN: then nothing is sent. */
  readonly sender: EnvelopeSender | undefined;
  /** Gets a copy of every envelope, and counts for nothing. */
  readonly spotlight: EnvelopeSender | undefined;
  /** Called whenever something was captured. Must not throw. */
  readonly onCaptured?: (() => void) | undefined;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached?: (<T>(run: () => T) => T) | undefined;
  /** Timers for asynchronous hooks. Default: those of the process. */
  readonly timers?: Timers | undefined;
}

interface Flushed {
  readonly isDone: boolean;
  /** Milliseconds that are left of the time. */
  readonly remaining: number;
}

/** Takes a client's events from capture to its senders: builds them, keeps those that wait for hooks, and counts all. */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #waiting: WaitingEvents;
  readonly #given = new ItemCounter();

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#waiting = new WaitingEvents({ ...parts, maxLength: parts.settings.maxBufferedBytes });
  }

  /** True when no further event can wait for a hook. */
  get isFull(): boolean {
    return this.#waiting.isFull;
  }

  /** Items that were captured, by category. */
  given(): Partial<Record<DataCategory, number>> {
    return this.#given.counts();
  }

  /** Items that wait for a hook, by category. */
  waiting(): Partial<Record<DataCategory, number>> {
    return this.#waiting.counts();
  }

  /** A number that grows with everything that was captured, and with what a hook lets through later. */
  activity(): number {
    let activity = this.#waiting.finished;
    for (const quantity of Object.values(this.#given.counts())) activity += quantity;
    return activity;
  }

  /** Sends what `build` returns, once it is there. What the server does not want now is not built. Never throws. */
  deliver(category: DataCategory, event: WaitingEvent, build: () => Eventual<BuildResult>): void {
    const { sender, spotlight, onCaptured } = this.#parts;
    const { contents } = event;
    this.#given.add(contents);
    onCaptured?.();
    try {
      // Spotlight gets every event, also where the server asked for a pause.
      if (spotlight === undefined && sender?.refuses(category, contents) === true) return;
      const result = build();
      if (result instanceof Promise) this.#wait(event, result);
      else this.#finish(result, contents);
    } catch (error) {
      this.#lose(contents, error);
    }
  }

  /** Sends what was captured before the call, what waits for hooks included. False at the time-out. */
  async flush(timeoutMillis: number): Promise<boolean> {
    const { isDone, remaining } = await this.#flushWaiting(timeoutMillis);
    return (await this.#flushSenders(remaining)) && isDone;
  }

  /** Flushes, then takes nothing more. Events that still wait for hooks are recorded as `closed`. */
  async close(timeoutMillis: number): Promise<boolean> {
    const { sender, spotlight, ledger } = this.#parts;
    const { isDone, remaining } = await this.#flushWaiting(timeoutMillis);
    for (const { contents } of this.#waiting.giveUp()) ledger.record("closed", contents);
    const closed = await Promise.all([sender?.close(remaining), spotlight?.close(remaining)]);
    return isDone && (closed[0] ?? true);
  }

  /** Keeps the process alive no more, except for a pending `flush`. */
  letGo(): void {
    this.#parts.sender?.letGo();
    this.#parts.spotlight?.letGo();
  }

  /** Saves what has not been sent, at the end of the process. What waits for a hook is not saved: it is not what is to be sent. */
  leave(): void {
    this.#parts.sender?.leave();
  }

  // Envelopes that wait for no hook are sent meanwhile: a hook that hangs does not use up their time.
  async #flushWaiting(timeoutMillis: number): Promise<Flushed> {
    if (this.#waiting.isEmpty) return { isDone: true, remaining: timeoutMillis };
    const start = performance.now();
    const waited = this.#waiting.settled(timeoutMillis);
    const [isDone] = await Promise.all([waited, this.#flushSenders(timeoutMillis)]);
    return { isDone, remaining: Math.max(0, timeoutMillis - (performance.now() - start)) };
  }

  async #flushSenders(timeoutMillis: number): Promise<boolean> {
    const flushed = await Promise.all([
      this.#parts.sender?.flush(timeoutMillis),
      this.#parts.spotlight?.flush(timeoutMillis),
    ]);
    return flushed[0] ?? true;
  }

  #wait(event: WaitingEvent, result: Promise<BuildResult>): void {
    const { contents } = event;
    const fail = (error: unknown): void => this.#lose(contents, error);
    const finish = (built: BuildResult): void => {
      try {
        this.#finish(built, contents);
      } catch (error) {
        fail(error);
      }
    };
    this.#waiting.add(event, result, { finish, fail });
  }

  #finish(result: BuildResult, contents: readonly ItemCount[]): void {
    if ("dropped" in result) this.#parts.ledger.record(result.dropped, contents);
    else this.#send(result);
  }

  #lose(contents: readonly ItemCount[], error: unknown): void {
    this.#parts.ledger.record("internal_sdk_error", contents);
    this.#parts.diagnostics.warnOnce("client", "an event could not be encoded and is lost", error);
  }

  // Do everything that can throw first, so that a failure is counted exactly once.
  #send({ parts, droppedSpans, attachments = NO_ATTACHMENTS }: BuiltEnvelope): void {
    const isSent = this.#parts.sender !== undefined || this.#parts.spotlight !== undefined;
    const accompanied = this.#withAttachments(parts, attachments);
    const envelope = isSent ? encodeEnvelope(accompanied) : undefined;
    if (droppedSpans > 0) {
      this.#parts.ledger.record("before_send", [{ category: "span", quantity: droppedSpans }]);
    }
    if (this.#parts.sender === undefined)
      this.#parts.ledger.record("disabled", accompanied.contents);
    if (envelope === undefined) return;
    this.#parts.spotlight?.enqueue(envelope);
    this.#parts.sender?.enqueue(envelope);
  }

  // Attachments are counted here because their size is known only now. The event goes without those it cannot take.
  #withAttachments(parts: EnvelopeParts, attachments: AttachmentItems): EnvelopeParts {
    const { items, bytes, refused, refusedBytes } = attachments;
    if (refused > 0) {
      this.#parts.ledger.early.record("invalid", [
        { category: "attachment", quantity: refusedBytes },
      ]);
      this.#parts.diagnostics.warnOnce(
        "attachment",
        `an attachment is not sent: it needs a filename and data of at most ${MAX_ATTACHMENT_BYTES} bytes`,
      );
    }
    if (items.length === 0) return parts;
    const contents: ItemCount[] = [{ category: "attachment", quantity: bytes }];
    this.#given.add(contents);
    if (this.#parts.sender?.refuses("attachment", contents) === true) return parts;
    return { ...parts, attachments: items, contents: [...parts.contents, ...contents] };
  }
}
