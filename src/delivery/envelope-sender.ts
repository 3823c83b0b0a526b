import { steadyNow, systemTimers, within } from "../support/time.js";
import type { Timers } from "../support/time.js";
import { NO_CLIENT_REPORTS } from "../client-reports/client-reports.js";
import type { DataCategory, ItemCount } from "../protocol/data-category.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { SpooledEnvelope } from "./spool/spool.js";
import { CheckInLine } from "./check-in-line.js";
import { DrainSchedule, SendSlots } from "./send-slots.js";
import type { EnvelopeQueue } from "./envelope-queue.js";
import { createEnvelopeQueue } from "./envelope-queue.js";
import { FlushWaiters } from "./flush-waiters.js";
import { MemoryBound } from "./memory-bound.js";
import { OutgoingReports } from "./outgoing-reports.js";
import type { EnvelopeSender, EnvelopeSenderSettings, SenderStats } from "./sender.js";
import { DEFAULT_MAX_ITEMS, HELD, maySendAgain, slotBounds, senderStats } from "./sender.js";
import { SendOutcomes } from "./send-outcomes.js";
import { SpoolIntake } from "./spool-intake.js";
import { PERMITTED, closeTransport, sendInTime } from "./transport.js";
import type { SenderResult, SendOptions, SendResult } from "./transport.js";

/** Creates a sender that uses a transport. It has no timer while it is idle. */
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
  readonly #checkIns: CheckInLine;
  readonly #schedule: DrainSchedule;
  readonly #detached: <T>(run: () => T) => T;
  #isGivingUp = false;
  #closing: Promise<boolean> | undefined;

  constructor(settings: EnvelopeSenderSettings) {
    const { transport, now = steadyNow, memory = new MemoryBound() } = settings;
    const { timers = systemTimers, runDetached: detached = (run) => run() } = settings;
    const isReachable = (): boolean => transport.isReachable !== false;
    this.#settings = settings;
    this.#timers = timers;
    this.#now = now;
    this.#detached = detached;
    this.#outcomes = new SendOutcomes({ ...settings, now });
    const onSpooled = (): void => this.#detached(() => settings.replay?.wake());
    this.#intake = new SpoolIntake({ spool: settings.spool, onSpooled }, memory);
    this.#slots = new SendSlots(slotBounds(settings, memory));
    this.#reports = new OutgoingReports({
      reports: settings.reports ?? NO_CLIENT_REPORTS,
      timers: this.#timers,
      headerJson: settings.headerJson ?? "",
      isReachable,
      onOverdue: () => this.#detached(() => this.#sendReports()),
    });
    this.#schedule = new DrainSchedule({ timers, detached, drain: () => this.#drain() });
    this.#checkIns = new CheckInLine({
      timers: this.#timers,
      now,
      isReachable: () => isReachable() && !this.#isGivingUp,
      startedAt: (envelope) =>
        this.#intake.isWriting(envelope) ? undefined : this.#slots.since(envelope),
      send: (envelope, checkIn) =>
        this.#intake.isBehind(checkIn)
          ? void this.#dispatchBehind(envelope)
          : this.#dispatch(envelope),
      start: (envelope) => this.#start(envelope),
      overflow: (envelope) => this.#overflow(envelope),
    });
    this.#queue = createEnvelopeQueue({
      maxItems: settings.maxBufferedItems ?? DEFAULT_MAX_ITEMS,
      memory,
      onEvicted: (envelope) => this.#overflow(envelope),
      bytesElsewhere: () => this.#slots.bytes + this.#checkIns.bytes + (transport.heldBytes ?? 0),
    });
  }

  enqueue(envelope: EncodedEnvelope): void {
    if (this.refuses(envelope.category, envelope.contents)) return;
    this.#checkIns.entered(envelope);
    this.#queue.push(envelope, this.#now());
    if (this.#hasRoom()) this.#schedule.soon();
  }

  refuses(category: DataCategory, contents: readonly ItemCount[]): boolean {
    if (this.#closing !== undefined) this.#outcomes.late(category, contents);
    else if (this.isLimited(category)) this.#outcomes.pausedByLimit({ category, contents });
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
    this.#detached(() => {
      this.#drain();
      this.#checkIns.wake();
    });
    this.#settings.transport.wake?.();
    const outstanding = [...this.#queue, ...this.#slots, ...this.#checkIns, ...this.#intake];
    if (!(await this.#waiters.wait(outstanding, { timers: this.#timers, timeoutMillis })))
      return false;
    const reports = this.#detached(() => this.#sendReports());
    const remaining = (): number => start + timeoutMillis - this.#now();
    await this.#waiters.wait(reports, this.#reports.waitLimit(remaining()));
    // Otherwise a short process would end while the first spooled envelope is being sent, and the next process would
    // send it again.
    await within(this.#timers, remaining(), this.#settings.replay?.settled());
    return true;
  }

  close(timeoutMillis: number): Promise<boolean> {
    this.#closing ??= this.#close(timeoutMillis);
    return this.#closing;
  }

  letGo(): void {
    this.#schedule.letGo();
  }

  // Envelopes in flight come first, so that the check-ins of a run keep their order. If an envelope is sent twice, the
  // server recognizes its event id.
  leave(): void {
    if (!this.#intake.isOpen) return;
    this.#isGivingUp = true;
    for (const sent of this.#slots) if (this.#intake.keepSync(sent)) this.#finish(sent, () => {});
    for (const left of [...this.#checkIns.takeAll(), ...this.#queue.takeAll()]) this.#abandon(left);
    for (const evicted of this.#intake) this.#intake.keepSync(evicted);
  }

  recordSpooled({ envelope, isOwn }: SpooledEnvelope, result: SendResult): void {
    this.#outcomes.recordSpooled(envelope, { result, isOwn });
  }

  stats(): SenderStats {
    return senderStats({
      queue: this.#queue,
      slots: this.#slots,
      checkIns: this.#checkIns,
      intake: this.#intake,
      outcomes: this.#outcomes,
      now: this.#now(),
    });
  }

  #overflow(evicted: EncodedEnvelope): void {
    if (this.#checkIns.evicted(evicted))
      return this.#drop(evicted, () => this.#outcomes.superseded(evicted));
    const count = (): void => this.#outcomes.overflowed(evicted);
    if (!this.#intake.hasRoomFor(evicted)) return this.#drop(evicted, count);
    void this.#intake
      .keepEvicted(evicted)
      .then((isKept) => this.#drop(evicted, isKept ? () => {} : count));
  }

  #drain(): void {
    while (this.#queue.items > 0 && !this.#isGivingUp) {
      if (!this.#hasRoom()) return this.#schedule.afterStall();
      const envelope = this.#queue.shift();
      if (envelope !== undefined) this.#start(envelope);
    }
  }

  #hasRoom(): boolean {
    return this.#slots.hasRoom(this.#queue.items, this.#queue.isUrgent, this.#now());
  }

  // The rate limit may have arrived while the envelope waited. Returns false if the envelope is dropped.
  #start(envelope: EncodedEnvelope): boolean {
    const { category, checkIn } = envelope;
    if (this.isLimited(category)) {
      this.#checkIns.evicted(envelope);
      this.#drop(envelope, () => this.#outcomes.pausedByLimit(envelope));
      return false;
    }
    if (checkIn === undefined) this.#dispatch(envelope);
    else this.#checkIns.begin(envelope, checkIn);
    return true;
  }

  #dispatch(envelope: EncodedEnvelope): void {
    const now = this.#now();
    this.#slots.take(envelope, now);
    this.#send(envelope, this.#reports.load(envelope, now));
  }

  // Spools a check-in that must be sent after an earlier one of its run, which is in the spool.
  async #dispatchBehind(envelope: EncodedEnvelope): Promise<void> {
    this.#slots.take(envelope, this.#now());
    const isHere = (): boolean => this.#slots.since(envelope) !== undefined;
    if (await this.#intake.keepBehind(envelope, isHere)) this.#finish(envelope, () => {});
    else this.#sendFromSlot(envelope);
  }

  // Client reports are exempt from rate limits.
  #sendReports(): EncodedEnvelope[] {
    const envelopes = this.#reports.unload(this.#closing !== undefined);
    for (const envelope of envelopes) this.#dispatch(envelope);
    return envelopes;
  }

  #send(envelope: EncodedEnvelope, loaded: EncodedEnvelope, options?: SendOptions): void {
    sendInTime(this.#settings.transport, loaded, options)
      .then((result) => this.#handleResult(envelope, result))
      // A custom transport may throw, or resolve with a value that is not a `SendResult`.
      .catch((error: unknown) =>
        this.#finish(envelope, () => this.#outcomes.transportThrew(envelope, error)),
      );
  }

  #handleResult(envelope: EncodedEnvelope, result: SenderResult): void {
    if (result.outcome === "unsent") return this.#handleUnsent(envelope);
    const count = (): void => this.#outcomes.record(envelope, result);
    const since = this.#slots.since(envelope);
    if (since !== undefined) this.#settings.onOperation?.(result, this.#now() - since);
    this.#reports.completed(envelope, result.outcome);
    this.#outcomes.noteRefusal(result);
    if (result.outcome !== "retryable") {
      // The server is reachable, so spooled envelopes can be tried as well.
      this.#settings.replay?.nudge();
      this.#finish(envelope, count);
    } else if (this.#isGivingUp) this.#finish(envelope, () => this.#giveUp(envelope));
    else if (this.#intake.isOpen) void this.#spoolFromSlot(envelope, result);
    else this.#finish(envelope, count);
  }

  // The limit may have ended since.
  #handleUnsent(envelope: EncodedEnvelope): void {
    this.#reports.completed(envelope, undefined);
    if (!this.isLimited(envelope.category)) return this.#sendFromSlot(envelope, PERMITTED);
    this.#finish(envelope, () => this.#outcomes.pausedByLimit(envelope));
  }

  // The envelope keeps its slot until it is written, so that a slow disk slows the queue down instead of filling
  // memory.
  async #spoolFromSlot(envelope: EncodedEnvelope, result: SendResult): Promise<void> {
    if (await this.#intake.keep(envelope)) this.#finish(envelope, () => {});
    else if (!this.#isGivingUp && maySendAgain(result, this.#settings.transport))
      this.#sendFromSlot(envelope, HELD);
    else this.#finish(envelope, () => this.#outcomes.record(envelope, result));
  }

  // `close` may have discarded the envelope while the disk was busy.
  #sendFromSlot(envelope: EncodedEnvelope, options?: SendOptions): void {
    if (this.#slots.since(envelope) === undefined) return;
    this.#send(envelope, this.#reports.load(envelope, this.#now()), options);
  }

  // An outcome that arrives after `close` has discarded the envelope is not counted a second time.
  #finish(envelope: EncodedEnvelope, count: () => void): void {
    if (!this.#slots.free(envelope)) return;
    this.#reports.completed(envelope, undefined);
    this.#drop(envelope, count);
    if (!this.#isGivingUp) this.#checkIns.ended(envelope);
    this.#drain();
  }

  #drop(envelope: EncodedEnvelope, count: () => void): void {
    count();
    this.#waiters.completed(envelope);
  }

  async #close(timeoutMillis: number): Promise<boolean> {
    const { diagnostics, replay, transport } = this.#settings;
    const isFlushed = await this.flush(timeoutMillis);
    this.#isGivingUp = true;
    for (const left of this.#queue.takeAll())
      if (!this.#checkIns.keepsBack(left)) this.#abandon(left);
    this.#reports.close();
    // Closing the transport ends everything in flight, so that those outcomes are known before the remaining envelopes
    // are discarded.
    const close = (): Promise<unknown> =>
      Promise.all([replay?.stop(), transport.close(), this.#intake.settled()]);
    await closeTransport({ timers: this.#timers, diagnostics, close });
    for (const stuck of this.#slots) this.#finish(stuck, () => this.#giveUp(stuck));
    for (const held of this.#checkIns.takeAll()) this.#abandon(held);
    return isFlushed;
  }

  #abandon(envelope: EncodedEnvelope): void {
    this.#drop(envelope, () => this.#giveUp(envelope));
  }

  #giveUp(envelope: EncodedEnvelope): void {
    if (!this.#intake.keepSync(envelope)) this.#outcomes.abandoned(envelope.contents);
  }
}
