import { steadyNow, systemTimers, within } from "../support/time.js";
import type { Timers } from "../support/time.js";
import { NO_CLIENT_REPORTS } from "../client-reports/client-reports.js";
import type { DataCategory, ItemCount } from "../protocol/data-category.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { SpooledEnvelope } from "./spool/spool.js";
import { CheckInLine } from "./check-in-line.js";
import { DrainSchedule } from "./drain-schedule.js";
import { SendSlots } from "./send-slots.js";
import type { Slot } from "./send-slots.js";
import type { EnvelopeQueue } from "./envelope-queue.js";
import { createEnvelopeQueue } from "./envelope-queue.js";
import { FlushWaiters } from "./flush-waiters.js";
import { MemoryBound } from "./memory-bound.js";
import { OutgoingReports } from "./outgoing-reports.js";
import type { EnvelopeSender, EnvelopeSenderSettings, SenderStats } from "./sender.js";
import { DEFAULT_MAX_ITEMS, HELD, maySendAgain, slotBounds, senderStats } from "./sender.js";
import { SendOutcomes } from "./send-outcomes.js";
import { SpoolIntake } from "./spool-intake.js";
import { PERMITTED, closeTransport, observed, resultIfExpired } from "./transport.js";
import type { ObservedTransport, SenderResult, SendOptions, SendResult } from "./transport.js";

/** Creates a sender that uses a transport. It has no timer while it is idle. */
export function createEnvelopeSender(settings: EnvelopeSenderSettings): EnvelopeSender {
  return new QueuedSender(settings);
}

class QueuedSender implements EnvelopeSender {
  readonly #settings: EnvelopeSenderSettings;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #detached: <T>(run: () => T) => T;
  readonly #queue: EnvelopeQueue;
  readonly #slots: SendSlots;
  readonly #intake: SpoolIntake;
  readonly #reports: OutgoingReports;
  readonly #outcomes: SendOutcomes;
  readonly #waiters = new FlushWaiters();
  readonly #checkIns: CheckInLine;
  readonly #schedule: DrainSchedule;
  readonly #transport: ObservedTransport<SenderResult>;
  #isGivingUp = false;
  #closing: Promise<boolean> | undefined;

  constructor(settings: EnvelopeSenderSettings) {
    const { transport, now = steadyNow, memory = new MemoryBound() } = settings;
    const { timers = systemTimers, runDetached: detached = (run) => run() } = settings;
    const isReachable = (): boolean => transport.isReachable !== false;
    this.#settings = settings;
    this.#transport = observed(transport);
    this.#timers = timers;
    this.#now = now;
    this.#detached = detached;
    this.#outcomes = new SendOutcomes({ ...settings, now });
    const onSpooled = (): void => this.#detached(() => settings.replay?.wake());
    this.#intake = new SpoolIntake({ spool: settings.spool, onSpooled }, memory);
    this.#slots = new SendSlots(slotBounds(settings, memory), {
      settled: (slot, result) => this.#handleResult(slot, result),
      threw: (slot, error) =>
        this.#finish(slot, () => this.#outcomes.transportThrew(slot.envelope, error)),
    });
    this.#reports = new OutgoingReports({
      reports: settings.reports ?? NO_CLIENT_REPORTS,
      timers: this.#timers,
      headerJson: settings.headerJson ?? "",
      isReachable,
      onOverdue: () => this.#detached(() => this.#sendReports()),
    });
    this.#checkIns = new CheckInLine({
      timers: this.#timers,
      now,
      isReachable: () => isReachable() && !this.#isGivingUp,
      slots: this.#slots,
      intake: this.#intake,
      send: (envelope) => this.#dispatch(envelope),
      spool: (envelope) => void this.#dispatchBehind(envelope),
      start: (envelope) => this.#start(envelope),
      overflow: (envelope) => this.#overflow(envelope),
    });
    this.#queue = createEnvelopeQueue({
      maxItems: settings.maxBufferedItems ?? DEFAULT_MAX_ITEMS,
      memory,
      onEvicted: (envelope) => this.#overflow(envelope),
      bytesElsewhere: () => this.#slots.bytes + this.#checkIns.bytes + (transport.heldBytes ?? 0),
    });
    this.#schedule = new DrainSchedule({
      timers,
      detached,
      queue: this.#queue,
      isStopped: () => this.#isGivingUp,
      hasRoom: () => this.#hasRoom(),
      start: (envelope) => this.#start(envelope),
    });
  }

  enqueue(envelope: EncodedEnvelope): void {
    if (this.refuses(envelope.category, envelope.contents)) return;
    this.#checkIns.entered(envelope);
    this.#queue.push(envelope, this.#now());
    if (this.#hasRoom()) this.#schedule.soon();
  }

  refuses(category: DataCategory, contents: readonly ItemCount[]): boolean {
    return this.#outcomes.refuses({ category, contents }, this.#closing !== undefined);
  }

  isLimited(category: DataCategory): boolean {
    return this.#outcomes.isLimited(category);
  }

  get isHealthy(): boolean {
    return !this.#queue.isFull && !this.#outcomes.hasLimits;
  }

  async flush(timeoutMillis: number): Promise<boolean> {
    const start = this.#now();
    this.#detached(() => this.#schedule.drain());
    this.#settings.transport.wake?.();
    const outstanding = [...this.#queue, ...this.#slots, ...this.#checkIns, ...this.#intake];
    const wakeCheckIns = (): void => this.#detached(() => this.#checkIns.wake());
    const cancelWake = this.#timers.inBackground(timeoutMillis / 2, wakeCheckIns);
    const isDone = await this.#waiters.wait(outstanding, { timers: this.#timers, timeoutMillis });
    cancelWake();
    if (!isDone) return false;
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

  unref(): void {
    this.#schedule.unref();
  }

  // Envelopes in flight come first, so that the check-ins of a run keep their order. If an envelope is sent twice, the
  // server recognizes its event id.
  atExit(): void {
    this.#isGivingUp ||= this.#intake.isOpen;
    this.#settings.transport.atExit?.();
    if (!this.#intake.isOpen) return;
    for (const slot of this.#slots.slots())
      if (this.#intake.keepSync(slot.envelope)) this.#finish(slot);
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
    if (this.#checkIns.leftUnsent(evicted))
      return this.#drop(evicted, () => this.#outcomes.superseded(evicted));
    const count = (): void => this.#outcomes.overflowed(evicted);
    if (!this.#intake.hasRoomFor(evicted)) return this.#drop(evicted, count);
    void this.#intake
      .keepEvicted(evicted)
      .then((isKept) => this.#drop(evicted, isKept ? undefined : count));
  }

  #hasRoom(): boolean {
    return this.#slots.hasRoom(this.#queue, this.#now());
  }

  // The rate limit may have arrived while the envelope waited. Returns false if the envelope is dropped.
  #start(envelope: EncodedEnvelope): boolean {
    const { category, checkIn } = envelope;
    if (this.isLimited(category)) {
      this.#checkIns.leftUnsent(envelope);
      this.#drop(envelope, () => this.#outcomes.droppedByLimit(envelope));
      return false;
    }
    if (checkIn === undefined) this.#dispatch(envelope);
    else this.#checkIns.begin(envelope, checkIn);
    return true;
  }

  #dispatch(envelope: EncodedEnvelope): void {
    const now = this.#now();
    this.#send(this.#slots.take(envelope, now), this.#reports.load(envelope, now));
  }

  // Spools a check-in that must be sent after an earlier one of its run, which is in the spool.
  async #dispatchBehind(envelope: EncodedEnvelope): Promise<void> {
    const slot = this.#slots.take(envelope, this.#now());
    if (await this.#intake.keepBehind(envelope, () => !slot.isFree)) this.#finish(slot);
    else this.#sendFromSlot(slot);
  }

  // Client reports are exempt from rate limits. Returns those that have no outcome yet.
  #sendReports(): EncodedEnvelope[] {
    const envelopes = this.#reports.unload(this.#closing !== undefined);
    for (const envelope of envelopes) this.#dispatch(envelope);
    return envelopes.filter((envelope) => this.#slots.since(envelope) !== undefined);
  }

  #send(slot: Slot, loaded: EncodedEnvelope, options?: SendOptions): void {
    const expired = resultIfExpired(loaded);
    if (expired === undefined) this.#transport.deliver(loaded, slot, options);
    else slot.settled(expired);
  }

  #handleResult(slot: Slot, result: SenderResult): void {
    if (result.outcome === "unsent") return this.#handleUnsent(slot);
    const { envelope } = slot;
    if (!slot.isFree) this.#settings.onOperation?.(result, this.#now() - slot.startedAt);
    this.#reports.completed(envelope, result.outcome);
    this.#outcomes.noteRefusal(result);
    if (result.outcome !== "retryable") {
      // The server is reachable, so spooled envelopes can be tried as well.
      this.#settings.replay?.nudge();
      this.#finish(slot, result);
    } else if (this.#isGivingUp) this.#finish(slot, () => this.#giveUp(envelope));
    else if (this.#intake.isOpen) void this.#spoolFromSlot(slot, result);
    else this.#finish(slot, result);
  }

  // The limit may have ended since.
  #handleUnsent(slot: Slot): void {
    const { envelope } = slot;
    this.#reports.completed(envelope, undefined);
    if (!this.isLimited(envelope.category)) return this.#sendFromSlot(slot, PERMITTED);
    this.#finish(slot, () => this.#outcomes.droppedByLimit(envelope));
  }

  // The envelope keeps its slot until it is written: a slow disk slows the queue down instead of filling memory.
  async #spoolFromSlot(slot: Slot, result: SendResult): Promise<void> {
    if (await this.#intake.keep(slot.envelope)) this.#finish(slot);
    else if (!this.#isGivingUp && maySendAgain(result, this.#settings.transport))
      this.#sendFromSlot(slot, HELD);
    else this.#finish(slot, result);
  }

  // `close` may have discarded the envelope while the disk was busy.
  #sendFromSlot(slot: Slot, options?: SendOptions): void {
    if (slot.isFree) return;
    this.#send(slot, this.#reports.load(slot.envelope, this.#now()), options);
  }

  // An outcome that arrives after `close` has discarded the envelope is not counted a second time.
  #finish(slot: Slot, ending?: SendResult | (() => void)): void {
    if (!this.#slots.free(slot)) return;
    this.#reports.completed(slot.envelope, undefined);
    this.#drop(slot.envelope, ending);
    if (!this.#isGivingUp) this.#checkIns.ended(slot.envelope);
    this.#schedule.drain();
  }

  // A result is passed as it is: a function that counts it would be one more object per envelope.
  #drop(envelope: EncodedEnvelope, ending?: SendResult | (() => void)): void {
    if (typeof ending === "function") ending();
    else if (ending !== undefined) this.#outcomes.record(envelope, ending);
    this.#waiters.completed(envelope);
  }

  async #close(timeoutMillis: number): Promise<boolean> {
    const { diagnostics, replay, transport } = this.#settings;
    const isFlushed = await this.flush(timeoutMillis);
    this.#isGivingUp = true;
    for (const left of this.#queue.takeAll())
      if (!this.#checkIns.keepsBack(left)) this.#abandon(left);
    this.#reports.close();
    // This ends everything in flight, so that those outcomes are known before the rest is discarded.
    const close = (): Promise<unknown> =>
      Promise.all([replay?.stop(), transport.close(), this.#intake.settled()]);
    await closeTransport({ timers: this.#timers, diagnostics, close });
    for (const stuck of this.#slots.slots())
      this.#finish(stuck, () => this.#giveUp(stuck.envelope));
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
