import { appendItem, encodeEnvelope } from "../protocol/envelope.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { DiscardLedger, ReportedLoss, PendingCounts } from "./ledger.js";

/**
 * A client report, which tells the server about discarded items
 * (https://develop.sentry.dev/sdk/telemetry/client-reports/).
 */
export interface ClientReport {
  readonly discarded: readonly ReportedLoss[];
  /** The item's payload, as JSON text. */
  readonly payload: string;
}

const ITEM_TYPE = "client_report";

// Relay drops larger reports.
const MAX_PAYLOAD_LENGTH = 4096;

/** Writes the payload of a report, adding losses one by one as long as they fit. */
class ReportWriter {
  readonly #head: string;
  #fields = "";

  constructor(wallClockMillis: number) {
    const timestamp = new Date(wallClockMillis).toISOString();
    this.#head = `{"timestamp":"${timestamp}","discarded_events":[`;
  }

  /** Adds a loss; returns false if it does not fit. All text is ASCII, so one character is one byte. */
  add({ reason, category, quantity }: ReportedLoss): boolean {
    const comma = this.#fields === "" ? "" : ",";
    const field = `${comma}{"reason":"${reason}","category":"${category}","quantity":${quantity}}`;
    const length = this.#head.length + this.#fields.length + field.length + "]}".length;
    if (length > MAX_PAYLOAD_LENGTH) return false;
    this.#fields += field;
    return true;
  }

  payload(): string {
    return `${this.#head}${this.#fields}]}`;
  }
}

/**
 * Returns a copy of the envelope with the report as its last item. The original is kept for the spool, which must not
 * store a report. If the copy is lost, the same items are counted as discarded as for the original.
 */
export function withReport(envelope: EncodedEnvelope, { payload }: ClientReport): EncodedEnvelope {
  return appendItem(envelope, ITEM_TYPE, payload);
}

/**
 * Creates an envelope with the report only. If it is lost, no items are counted as discarded: the report's own losses
 * are restored instead.
 */
export function reportEnvelope({ payload }: ClientReport, headerJson: string): EncodedEnvelope {
  return encodeEnvelope({
    category: "internal",
    itemType: ITEM_TYPE,
    payload,
    headerJson,
    contents: [],
  });
}

/** Statistics of the client reports. */
export interface ReportCounts {
  /** Reports that were taken and not restored: delivered or being sent. */
  readonly sent: number;
  /** Reports that could not be delivered. Their losses are part of later reports. */
  readonly restored: number;
  /** Losses by category that are not reported yet. */
  readonly pending: PendingCounts;
}

/** Creates reports of discarded items. Each loss is part of one report at a time. */
export interface ClientReports {
  /** True if there are losses to report. */
  readonly hasPending: boolean;
  /**
   * Takes a report for an envelope that is about to be sent. Undefined if there are no losses, or if the last report
   * was taken less than the interval ago. `nowMillis` is from a monotonic clock.
   */
  take(nowMillis: number): ClientReport | undefined;
  /** Takes a report regardless of the interval, for a flush. Losses that do not fit go into the next report. */
  takeNow(): ClientReport | undefined;
  /** Returns the losses of an undelivered report to the ledger, for later reports. A second call has no effect. */
  restore(report: ClientReport): void;
  /** Calls `run` each time losses become pending while there were none before. It must not throw. */
  onPending(run: () => void): void;
  counts(): ReportCounts;
}

/** Settings of the client reports. */
interface ClientReportsSettings {
  readonly ledger: DiscardLedger;
  /** Minimum time between two reports, in milliseconds. Default 30,000. */
  readonly intervalMillis?: number | undefined;
  /** The wall clock for the report's timestamp, in milliseconds since 1970. Default `Date.now`. */
  readonly wallNow?: (() => number) | undefined;
}

const DEFAULT_INTERVAL_MILLIS = 30_000;

/** Creates the client reports of one client. */
export function createClientReports(settings: ClientReportsSettings): ClientReports {
  return new LedgerReports(settings);
}

/** Client reports that are disabled. */
export const NO_CLIENT_REPORTS: ClientReports = {
  hasPending: false,
  take: () => undefined,
  takeNow: () => undefined,
  restore: () => undefined,
  onPending: () => undefined,
  counts: () => ({ sent: 0, restored: 0, pending: {} }),
};

class LedgerReports implements ClientReports {
  readonly #ledger: DiscardLedger;
  readonly #intervalMillis: number;
  readonly #wallNow: () => number;
  readonly #taken = new WeakSet<ClientReport>();
  #takenAt = -Infinity;
  #sent = 0;
  #restored = 0;

  constructor({ ledger, intervalMillis, wallNow }: ClientReportsSettings) {
    this.#ledger = ledger;
    this.#intervalMillis = intervalMillis ?? DEFAULT_INTERVAL_MILLIS;
    this.#wallNow = wallNow ?? Date.now;
  }

  get hasPending(): boolean {
    return this.#ledger.hasPending;
  }

  // Called for each envelope, so the usual case of no losses is checked first.
  take(nowMillis: number): ClientReport | undefined {
    if (!this.#ledger.hasPending) return undefined;
    if (nowMillis - this.#takenAt < this.#intervalMillis) return undefined;
    this.#takenAt = nowMillis;
    return this.takeNow();
  }

  takeNow(): ClientReport | undefined {
    if (!this.#ledger.hasPending) return undefined;
    const writer = new ReportWriter(this.#wallNow());
    const discarded = this.#ledger.takePending((loss) => writer.add(loss));
    const report = Object.freeze({ discarded, payload: writer.payload() });
    this.#taken.add(report);
    this.#sent += 1;
    return report;
  }

  restore(report: ClientReport): void {
    if (!this.#taken.delete(report)) return;
    this.#sent -= 1;
    this.#restored += 1;
    this.#ledger.putBack(report.discarded);
  }

  onPending(run: () => void): void {
    this.#ledger.onPending(run);
  }

  counts(): ReportCounts {
    return { sent: this.#sent, restored: this.#restored, pending: this.#ledger.pending() };
  }
}
