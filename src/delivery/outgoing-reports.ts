import { reportEnvelope, withReport } from "../client-reports/client-reports.js";
import type { ClientReport, ClientReports } from "../client-reports/client-reports.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { WaitLimit } from "./flush-waiters.js";
import type { Timers } from "../support/time.js";
import type { SendResult } from "./transport.js";

/** What outgoing reports are made with. */
export interface OutgoingReportsSettings {
  readonly reports: ClientReports;
  readonly timers: Timers;
  /** Envelope header members, as for any envelope. */
  readonly headerMembers: string;
  /** Whether the server answered last, as far as is known. */
  readonly isReachable: () => boolean;
  /** Called when losses have waited so long that no envelope came to take them along. */
  readonly onOverdue: () => void;
}

// How long `close` waits for reports where nothing says that the server is back: one attempt.
const PROBE_MILLIS = 1000;

// How long losses wait for an envelope that takes them along.
const OVERDUE_MILLIS = 60_000;

/** Puts reports on envelopes that leave, and takes those back that the server did not get. */
export class OutgoingReports {
  readonly #settings: OutgoingReportsSettings;
  readonly #loaded = new Map<EncodedEnvelope, ClientReport>();
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(settings: OutgoingReportsSettings) {
    this.#settings = settings;
    settings.reports.onPending(() => this.#waitForEnvelope());
  }

  get hasPending(): boolean {
    return this.#settings.reports.hasPending;
  }

  /** The envelope as it is sent: with a report, where one is due. */
  load(envelope: EncodedEnvelope, nowMillis: number): EncodedEnvelope {
    if (this.#loaded.has(envelope)) return envelope;
    const report = this.#settings.reports.take(nowMillis);
    if (report === undefined) return envelope;
    this.#loaded.set(envelope, report);
    return withReport(envelope, report);
  }

  /**
   * All losses that the server has not been told of, in envelopes of their own. Where it did not answer last, none
   * but for the last time: each would be one more attempt at what does not answer.
   */
  unload(isLast: boolean = false): EncodedEnvelope[] {
    const { reports, headerMembers, isReachable } = this.#settings;
    if (!isLast && !isReachable()) return [];
    const envelopes: EncodedEnvelope[] = [];
    for (let report = reports.takeNow(); report !== undefined; report = reports.takeNow()) {
      const envelope = reportEnvelope(report, headerMembers);
      this.#loaded.set(envelope, report);
      envelopes.push(envelope);
    }
    return envelopes;
  }

  /** How long a flush waits for what `unload` has returned. */
  waitLimit(remainingMillis: number): WaitLimit {
    const { isReachable, timers } = this.#settings;
    const longest = isReachable() ? remainingMillis : Math.min(remainingMillis, PROBE_MILLIS);
    return { timers, timeoutMillis: Math.max(0, longest) };
  }

  /** What became of an envelope; undefined: nothing that is known. */
  settle(envelope: EncodedEnvelope, outcome: SendResult["outcome"] | undefined): void {
    const report = this.#loaded.get(envelope);
    if (report === undefined) return;
    this.#loaded.delete(envelope);
    if (outcome !== "delivered") this.#settings.reports.restore(report);
  }

  /** Nothing leaves any more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #waitForEnvelope(): void {
    if (this.#isClosed || this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#settings.timers.inBackground(OVERDUE_MILLIS, () => {
      this.#cancelTimer = undefined;
      if (!this.hasPending) return;
      this.#settings.onOverdue();
      if (this.hasPending) this.#waitForEnvelope();
    });
  }
}
