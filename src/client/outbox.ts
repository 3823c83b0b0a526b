import type { DiscardLedger } from "../client-reports/ledger.js";
import type { Diagnostics } from "../support/diagnostics.js";
import type { Settings } from "../options/options.js";
import type { DataCategory, ItemCount } from "../protocol/data-category.js";
import { encodeEnvelope } from "../protocol/envelope.js";
import type { UnencodedEnvelope } from "../protocol/envelope.js";
import type { MemoryBound } from "../delivery/memory-bound.js";
import type { EnvelopeSender } from "../delivery/sender.js";
import { ItemCounter } from "../protocol/data-category.js";
import type { Timers } from "../support/time.js";
import type { AttachmentItems } from "./attachments.js";
import { MAX_ATTACHMENT_BYTES, NO_ATTACHMENTS } from "./attachments.js";
import { reportNotBuilt } from "./envelope-builder.js";
import type { BuildResult, BuiltEnvelope } from "./envelope-builder.js";
import type { MaybePromise } from "./hooks.js";
import { WaitingEvents } from "./waiting-events.js";
import type { WaitingEvent } from "./waiting-events.js";

/** Settings and senders of an outbox. */
export interface OutboxDependencies {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly ledger: DiscardLedger;
  /** Limits the memory of all buffers of the client together. */
  readonly memory: MemoryBound;
  /** Undefined without a DSN; then nothing is sent. */
  readonly sender: EnvelopeSender | undefined;
  /** Receives a copy of every envelope, which is not included in any count. */
  readonly spotlight: EnvelopeSender | undefined;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached?: (<T>(run: () => T) => T) | undefined;
  /** Timers for asynchronous hooks. Default: the system's. */
  readonly timers?: Timers | undefined;
}

interface Flushed {
  readonly isDone: boolean;
  /** Milliseconds of the time-out that are left. */
  readonly remaining: number;
}

/** Passes a client's events to its senders: builds them, holds those that wait for hooks, and counts them all. */
export class Outbox {
  readonly #dependencies: OutboxDependencies;
  readonly #waiting: WaitingEvents;
  readonly #given = new ItemCounter();

  constructor(dependencies: OutboxDependencies) {
    this.#dependencies = dependencies;
    this.#waiting = new WaitingEvents(dependencies);
  }

  /** Makes room for one more event that waits for a hook; returns false if there is none. May drop other data. */
  makeRoom(category: DataCategory): boolean {
    return this.#waiting.makeRoom(category);
  }

  /** Returns the number of captured items by category. */
  given(): Partial<Record<DataCategory, number>> {
    return this.#given.counts();
  }

  /** Returns the number of items that wait for a hook, by category. */
  waiting(): Partial<Record<DataCategory, number>> {
    return this.#waiting.counts();
  }

  /** Returns a number that grows with every captured item and every event that a hook completes. */
  activity(): number {
    let activity = this.#waiting.finished;
    for (const quantity of Object.values(this.#given.counts())) activity += quantity;
    return activity;
  }

  /** Counts a captured event. Returns false if a rate limit refuses its category, so that it need not be built. */
  admits({ category, contents }: WaitingEvent): boolean {
    const { sender, spotlight } = this.#dependencies;
    this.#given.add(contents);
    // Spotlight receives every event, even under a rate limit.
    return spotlight !== undefined || sender?.refuses(category, contents) !== true;
  }

  /** Sends an event that was admitted, once it is built. Never throws. */
  deliver(event: WaitingEvent, result: MaybePromise<BuildResult>): void {
    try {
      if (result instanceof Promise) this.#wait(event, result);
      else this.#finish(result, event.contents);
    } catch (error) {
      this.#lose(event.contents, error);
    }
  }

  /** Sends what was captured before the call, including events that wait for hooks. Resolves to false at the time-out. */
  async flush(timeoutMillis: number): Promise<boolean> {
    const { isDone, remaining } = await this.#flushWaiting(timeoutMillis);
    return (await this.#flushSenders(remaining)) && isDone;
  }

  /** Flushes, then accepts nothing more. Events that still wait for hooks are discarded and counted as `closed`. */
  async close(timeoutMillis: number): Promise<boolean> {
    const { sender, spotlight, ledger } = this.#dependencies;
    let isDone = true;
    let remaining = timeoutMillis;
    // What was captured meanwhile, such as the uncaught error that ends the process, has the rest of the time.
    do ({ isDone, remaining } = await this.#flushWaiting(remaining));
    while (this.#waiting.size > 0 && isDone && remaining > 0);
    const givenUp = this.#waiting.giveUp();
    for (const { contents } of givenUp) ledger.record("closed", contents);
    this.#reportUnfinished(givenUp.length, "the client was closed");
    const closed = await Promise.all([sender?.close(remaining), spotlight?.close(remaining)]);
    return isDone && (closed[0] ?? true);
  }

  /** Makes sure that from now on only a pending `flush` keeps the process alive. */
  unref(): void {
    this.#dependencies.sender?.unref();
    this.#dependencies.spotlight?.unref();
  }

  /**
   * Saves unsent envelopes at the end of the process. Events that wait for a hook are lost, because they must not be
   * sent without it.
   */
  atExit(): void {
    this.#reportUnfinished(this.#waiting.size, "the process ended");
    this.#dependencies.sender?.atExit();
  }

  #reportUnfinished(events: number, end: string): void {
    const { sender, spotlight, diagnostics } = this.#dependencies;
    if (events === 0 || (sender ?? spotlight) === undefined) return;
    diagnostics.faultOnce(
      "unfinished-hooks",
      `Lost: ${events} ${events === 1 ? "event" : "events"} that waited for an asynchronous hook when ${end}. Await \`close()\` before \`process.exit()\`, and let \`beforeSend\`, \`beforeSendTransaction\` and event processors end within \`shutdownTimeoutMillis\``,
    );
  }

  // Other envelopes are sent during the wait, so that a hook that hangs does not use up their time.
  async #flushWaiting(timeoutMillis: number): Promise<Flushed> {
    if (this.#waiting.size === 0) return { isDone: true, remaining: timeoutMillis };
    const start = performance.now();
    const waited = this.#waiting.settled(timeoutMillis);
    const [isDone] = await Promise.all([waited, this.#flushSenders(timeoutMillis)]);
    return { isDone, remaining: Math.max(0, timeoutMillis - (performance.now() - start)) };
  }

  async #flushSenders(timeoutMillis: number): Promise<boolean> {
    const flushed = await Promise.all([
      this.#dependencies.sender?.flush(timeoutMillis),
      this.#dependencies.spotlight?.flush(timeoutMillis),
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
    if ("dropped" in result) this.#dependencies.ledger.record(result.dropped, contents);
    else this.#send(result);
  }

  #lose(contents: readonly ItemCount[], error: unknown): void {
    this.#dependencies.ledger.record("internal_sdk_error", contents);
    reportNotBuilt(this.#dependencies.diagnostics, error);
  }

  // Do everything that can throw first, so that a failure is counted exactly once.
  #send({ content, droppedSpans, attachments = NO_ATTACHMENTS }: BuiltEnvelope): void {
    const isSent =
      this.#dependencies.sender !== undefined || this.#dependencies.spotlight !== undefined;
    const accompanied = this.#withAttachments(content, attachments);
    const envelope = isSent ? encodeEnvelope(accompanied) : undefined;
    if (droppedSpans > 0) {
      this.#dependencies.ledger.record("before_send", [
        { category: "span", quantity: droppedSpans },
      ]);
    }
    if (this.#dependencies.sender === undefined)
      this.#dependencies.ledger.record("disabled", accompanied.contents);
    if (envelope === undefined) return;
    this.#dependencies.spotlight?.enqueue(envelope);
    this.#dependencies.sender?.enqueue(envelope);
  }

  // Attachments are counted here because their size is known only now. The event is sent without the ones that were
  // refused.
  #withAttachments(content: UnencodedEnvelope, attachments: AttachmentItems): UnencodedEnvelope {
    const { items, bytes, refused, refusedBytes } = attachments;
    if (refused > 0) {
      this.#dependencies.ledger.early.record("invalid", [
        { category: "attachment", quantity: refusedBytes },
      ]);
      this.#dependencies.diagnostics.warnOnce(
        "attachment",
        `an attachment was dropped; its event is sent without it. Give it a \`filename\`, and \`data\` of at most ${MAX_ATTACHMENT_BYTES} bytes`,
      );
    }
    if (items.length === 0) return content;
    const contents: ItemCount[] = [{ category: "attachment", quantity: bytes }];
    this.#given.add(contents);
    if (this.#dependencies.sender?.refuses("attachment", contents) === true) return content;
    return { ...content, attachments: items, contents: [...content.contents, ...contents] };
  }
}
