import { reportEnvelope, withReport } from "../client-reports/client-reports.js";
import type { ClientReport, ClientReports } from "../client-reports/client-reports.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { WaitLimit } from "./flush-waiters.js";
import type { Timers } from "../support/time.js";
import type { SendResult } from "./transport.js";

/** Dependencies of `OutgoingReports`. */
interface OutgoingReportsSettings {
  readonly reports: ClientReports;
  readonly timers: Timers;
  /** Additional header fields of the envelope of a report, as JSON text with a leading comma. */
  readonly headerJson: string;
  /** Returns false while the last attempt got no response. */
  readonly isReachable: () => boolean;
  /** Called when losses have waited too long for an envelope, so that a report must be sent on its own. */
  readonly onOverdue: () => void;
}

// How long `close` waits for reports while the server is not known to be reachable: enough for one attempt.
const PROBE_MILLIS = 1000;

// How long losses wait for an envelope that can carry the report.
const OVERDUE_MILLIS = 60_000;

/** Attaches client reports to outgoing envelopes, and restores the counts of reports that did not reach the server. */
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

  /** Returns the envelope to send, with a report attached if one is due. */
  load(envelope: EncodedEnvelope, nowMillis: number): EncodedEnvelope {
    if (this.#loaded.has(envelope)) return envelope;
    const report = this.#settings.reports.take(nowMillis);
    if (report === undefined) return envelope;
    this.#loaded.set(envelope, report);
    return withReport(envelope, report);
  }

  /**
   * Returns envelopes with all losses that have not been reported yet. While the server is unreachable it returns none,
   * except for the last time, because each would be one more attempt that fails.
   */
  unload(isLast: boolean = false): EncodedEnvelope[] {
    const { reports, headerJson, isReachable } = this.#settings;
    if (!isLast && !isReachable()) return [];
    const envelopes: EncodedEnvelope[] = [];
    for (let report = reports.takeNow(); report !== undefined; report = reports.takeNow()) {
      const envelope = reportEnvelope(report, headerJson);
      this.#loaded.set(envelope, report);
      envelopes.push(envelope);
    }
    return envelopes;
  }

  /** Returns how long a flush waits for the envelopes that `unload` returned. */
  waitLimit(remainingMillis: number): WaitLimit {
    const { isReachable, timers } = this.#settings;
    const longest = isReachable() ? remainingMillis : Math.min(remainingMillis, PROBE_MILLIS);
    return { timers, timeoutMillis: Math.max(0, longest) };
  }

  /** Records the outcome of an envelope; undefined if it is unknown. */
  completed(envelope: EncodedEnvelope, outcome: SendResult["outcome"] | undefined): void {
    const report = this.#loaded.get(envelope);
    if (report === undefined) return;
    this.#loaded.delete(envelope);
    if (outcome !== "delivered") this.#settings.reports.restore(report);
  }

  /** Stops waiting for envelopes that could carry a report. */
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
