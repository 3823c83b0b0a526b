import { NO_CLIENT_REPORTS } from "../client-reports/client-reports.js";
import type { DataCategory, ItemCount } from "../protocol/data-category.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { SpooledEnvelope } from "../spool/spool.js";
import { steadyNow } from "./clock.js";
import { DrainSchedule } from "./drain-schedule.js";
import type { EnvelopeQueue } from "./envelope-queue.js";
import { createEnvelopeQueue } from "./envelope-queue.js";
import { FlushWaiters } from "./flush-waiters.js";
import { OutgoingReports } from "./outgoing-reports.js";
import { SendOutcomes } from "./send-outcomes.js";
import { SendSlots } from "./send-slots.js";
import { queueBounds, slotBounds } from "./sender-settings.js";
import type { EnvelopeSenderSettings } from "./sender-settings.js";
import { senderStats } from "./sender-stats.js";
import type { SenderStats } from "./sender-stats.js";
import { SpoolIntake } from "./spool-intake.js";
import type { Timers } from "./timers.js";
import { deadline, systemTimers } from "./timers.js";
import type { SendResult } from "./transport.js";

/** Sends envelopes in the background and accounts for each: delivered, spooled, recorded as lost, or waiting. */
export interface EnvelopeSender {
  /** Takes an envelope, once; returns at once and never throws. */
  enqueue(envelope: EncodedEnvelope): void;
  /** Whether items of the category need not be encoded: the server asked for a pause, or `close` was called. They are recorded then. */
  refuses(category: DataCategory, contents: readonly ItemCount[]): boolean;
  isLimited(category: DataCategory): boolean;
  /** Whether what is captured now can be sent soon: the queue has room, and the server limits nothing. */
  readonly isHealthy: boolean;
  /** Resolves with true once all that was enqueued before has an outcome; with false at the time-out, or where nothing can be sent. */
  flush(timeoutMillis: number): Promise<boolean>;
  /** Flushes, then takes nothing more; what is left is spooled, or recorded as `closed`. Idempotent. */
  close(timeoutMillis: number): Promise<boolean>;
  /** From now on keeps the process alive for who waits in `flush` only, and no turn of it for what is captured. */
  letGo(): void;
  /** Spools what is left, at the end of the process, where nothing can be waited for. */
  leave(): void;
  /** Books the outcome of an envelope that the spool had kept. */
  settleSpooled(spooled: SpooledEnvelope, result: SendResult): void;
  stats(): SenderStats;
}

// What a transport is given to let go of its connections, after the time-out of `close`.
const TRANSPORT_CLOSE_MILLIS = 500;

/** Builds a sender over a transport. It has no timer of its own while it is idle. */
export function createEnvelopeSender(settings: EnvelopeSenderSettings): EnvelopeSender {
  return new QueuedSender(settings);
}

class QueuedSender implements EnvelopeSender {
  readonly #settings: EnvelopeSenderSettings;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #queue: EnvelopeQueue;
  readonly #slots: SendSlots;
  readonly #intake: SpoolIntake;
  readonly #reports: OutgoingReports;
  readonly #outcomes: SendOutcomes;
  readonly #waiters = new FlushWaiters();
  readonly #schedule: DrainSchedule;
  #isGivingUp = false;
  #closing: Promise<boolean> | undefined;

  constructor(settings: EnvelopeSenderSettings) {
    const { recorder, diagnostics, now = steadyNow } = settings;
    this.#settings = settings;
    this.#timers = settings.timers ?? systemTimers;
    this.#now = now;
    this.#outcomes = new SendOutcomes({ recorder, diagnostics, now });
    this.#intake = new SpoolIntake(settings.spool);
    this.#slots = new SendSlots(slotBounds(settings));
    this.#reports = new OutgoingReports({
      reports: settings.reports ?? NO_CLIENT_REPORTS,
      timers: this.#timers,
      headerMembers: settings.headerMembers ?? "",
      onOverdue: () => this.#detached(() => this.#sendReports()),
    });
    this.#schedule = new DrainSchedule({
      timers: this.#timers,
      drain: () => this.#drain(),
      detached: (run) => this.#detached(run),
    });
    this.#queue = createEnvelopeQueue({
      ...queueBounds(settings),
      bytesElsewhere: () => this.#slots.bytes,
    });
  }

  enqueue(envelope: EncodedEnvelope): void {
    if (this.refuses(envelope.category, envelope.contents)) return;
    for (const evicted of this.#queue.push(envelope, this.#now())) this.#overflow(evicted);
    if (this.#hasRoom()) this.#schedule.soon();
  }

  refuses(category: DataCategory, contents: readonly ItemCount[]): boolean {
    if (this.#closing !== undefined) this.#outcomes.closed(contents);
    else if (this.isLimited(category)) this.#outcomes.pausedByLimit(category, contents);
    else return false;
    return true;
  }

  isLimited(category: DataCategory): boolean {
    return this.#outcomes.isLimited(category);
  }

  get isHealthy(): boolean {
    return !this.#queue.isFull && !this.#outcomes.hasLimits;
  }

  async flush(timeoutMillis: number): Promise<boolean> {
    const start = this.#now();
    this.#detached(() => this.#drain());
    this.#settings.transport.wake?.();
    const outstanding = [...this.#queue, ...this.#slots, ...this.#intake];
    const limit = { timers: this.#timers, timeoutMillis };
    if (!(await this.#waiters.wait(outstanding, limit))) return false;
    if (this.#settings.transport.isUsable === false) return false;
    const reports = this.#detached(() => this.#sendReports());
    const remaining = Math.max(0, timeoutMillis - (this.#now() - start));
    await this.#waiters.wait(reports, { timers: this.#timers, timeoutMillis: remaining });
    return true;
  }

  close(timeoutMillis: number): Promise<boolean> {
    this.#closing ??= this.#close(timeoutMillis);
    return this.#closing;
  }

  letGo(): void {
    this.#schedule.letGo();
  }

  // What is under way may arrive all the same: the server knows its event id by then.
  leave(): void {
    if (!this.#intake.isOpen) return;
    for (const left of this.#takeAll()) this.#drop(left, () => this.#giveUp(left));
    for (const sent of this.#slots) if (this.#intake.keepSync(sent)) this.#finish(sent, () => {});
    for (const evicted of this.#intake) this.#intake.keepSync(evicted);
  }

  settleSpooled({ envelope, isOwn }: SpooledEnvelope, result: SendResult): void {
    this.#outcomes.settleSpooled(envelope, { result, isOwn });
  }

  stats(): SenderStats {
    return senderStats({
      queue: this.#queue,
      slots: this.#slots,
      intake: this.#intake,
      outcomes: this.#outcomes,
      now: this.#now(),
    });
  }

  #overflow(evicted: EncodedEnvelope): void {
    const book = (): void => this.#outcomes.overflowed(evicted);
    if (this.#intake.hasRoom) void this.#spoolEvicted(evicted, book);
    else this.#drop(evicted, book);
  }

  #drain(): void {
    while (this.#queue.items > 0) {
      if (!this.#hasRoom()) return this.#schedule.afterStall();
      const envelope = this.#queue.shift();
      if (envelope !== undefined) this.#start(envelope);
    }
  }

  #hasRoom(): boolean {
    return this.#slots.hasRoom(this.#queue.items, this.#queue.isUrgent, this.#now());
  }

  // The limit may have come while the envelope waited.
  #start(envelope: EncodedEnvelope): void {
    const { category, contents } = envelope;
    if (this.isLimited(category)) {
      this.#drop(envelope, () => this.#outcomes.pausedByLimit(category, contents));
    } else {
      const now = this.#now();
      this.#slots.take(envelope, now);
      this.#send(envelope, this.#reports.load(envelope, now));
    }
  }

  // Never to a server that does not answer: then losses wait for one that does.
  #sendReports(): EncodedEnvelope[] {
    if (this.#settings.transport.isReachable === false || this.isLimited("internal")) return [];
    const envelopes = this.#reports.unload();
    for (const envelope of envelopes) {
      this.#slots.take(envelope, this.#now());
      this.#send(envelope, envelope);
    }
    return envelopes;
  }

  #send(envelope: EncodedEnvelope, loaded: EncodedEnvelope): void {
    const onThrown = (error: unknown): void =>
      this.#finish(envelope, () => this.#outcomes.transportThrew(envelope, error));
    try {
      this.#settings.transport
        .send(loaded)
        .then((result) => this.#settle(envelope, result))
        // It may also resolve with anything, where it is the application's own.
        .catch(onThrown);
    } catch (error) {
      onThrown(error);
    }
  }

  #settle(envelope: EncodedEnvelope, result: SendResult): void {
    const book = (): void => this.#outcomes.settle(envelope, result);
    this.#tellOperation(envelope, result);
    this.#reports.settle(envelope, result.outcome);
    if (result.outcome !== "retryable") this.#finish(envelope, book);
    else if (this.#isGivingUp) this.#finish(envelope, () => this.#giveUp(envelope));
    else if (this.#intake.isOpen) void this.#spoolFromSlot(envelope, result);
    else this.#finish(envelope, book);
  }

  // It keeps its slot until it is written: the disk slows the queue down, and nothing piles up.
  async #spoolFromSlot(envelope: EncodedEnvelope, result: SendResult): Promise<void> {
    if (await this.#intake.keep(envelope)) this.#finish(envelope, () => {});
    else if (this.#maySendAgain(result)) this.#sendFromSlot(envelope);
    else this.#finish(envelope, () => this.#outcomes.settle(envelope, result));
  }

  // A disk that cannot be used is no reason to lose what nobody has seen: it waits in memory then.
  #maySendAgain(result: SendResult): boolean {
    const hasNotArrived = result.outcome === "retryable" && result.phase === "connect";
    return hasNotArrived && !this.#isGivingUp && this.#settings.transport.isPatient === true;
  }

  // It may have been given up, or kept by the end of the process, while the disk was busy.
  #sendFromSlot(envelope: EncodedEnvelope): void {
    if (this.#slots.since(envelope) === undefined) return;
    this.#send(envelope, this.#reports.load(envelope, this.#now()));
  }

  async #spoolEvicted(envelope: EncodedEnvelope, otherwise: () => void): Promise<void> {
    const isKept = await this.#intake.keepEvicted(envelope);
    this.#drop(envelope, isKept ? () => {} : otherwise);
  }

  #tellOperation(envelope: EncodedEnvelope, result: SendResult): void {
    const since = this.#slots.since(envelope);
    if (since !== undefined) this.#settings.onOperation?.(result, this.#now() - since);
  }

  // An outcome that comes after `close` has given the envelope up is not booked a second time.
  #finish(envelope: EncodedEnvelope, book: () => void): void {
    if (!this.#slots.free(envelope)) return;
    this.#reports.settle(envelope, undefined);
    this.#drop(envelope, book);
    this.#drain();
  }

  #drop(envelope: EncodedEnvelope, book: () => void): void {
    book();
    this.#waiters.settle(envelope);
  }

  async #close(timeoutMillis: number): Promise<boolean> {
    const isFlushed = await this.flush(timeoutMillis);
    this.#isGivingUp = true;
    for (const left of this.#takeAll()) this.#drop(left, () => this.#giveUp(left));
    this.#reports.close();
    await this.#closeTransport();
    for (const stuck of this.#slots) this.#finish(stuck, () => this.#giveUp(stuck));
    return isFlushed;
  }

  *#takeAll(): Iterable<EncodedEnvelope> {
    for (let left = this.#queue.shift(); left !== undefined; left = this.#queue.shift()) yield left;
  }

  #giveUp(envelope: EncodedEnvelope): void {
    if (!this.#intake.keepSync(envelope)) this.#outcomes.closed(envelope.contents);
  }

  // Closing ends what is in flight, so that the outcomes are in before the rest is given up.
  async #closeTransport(): Promise<void> {
    const grace = deadline(this.#timers, TRANSPORT_CLOSE_MILLIS);
    try {
      const isClosed = Promise.all([this.#settings.transport.close(), this.#intake.settled()]);
      await Promise.race([isClosed, grace.passed]);
    } catch (error) {
      this.#settings.diagnostics.warnOnce("transport", "the transport could not be closed", error);
    }
    grace.cancel();
  }

  #detached<T>(run: () => T): T {
    return this.#settings.runDetached === undefined ? run() : this.#settings.runDetached(run);
  }
}
