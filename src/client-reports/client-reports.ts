import { appendItem, encodeEnvelope } from "../protocol/envelope.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { DiscardLedger, ReportedLoss, UntoldCounts } from "./ledger.js";

/** What the server is told of losses (https://develop.sentry.dev/sdk/telemetry/client-reports/). */
export interface ClientReport {
  readonly discarded: readonly ReportedLoss[];
  /** The item's payload, as JSON text. */
  readonly payload: string;
}

const ITEM_TYPE = "client_report";

// Relay drops a report that is larger.
const MAX_PAYLOAD_LENGTH = 4096;

/** Takes losses, one after the other, as long as they fit into one report. */
export class ReportWriter {
  readonly #head: string;
  #members = "";

  constructor(wallClockMillis: number) {
    const timestamp = new Date(wallClockMillis).toISOString();
    this.#head = `{"timestamp":"${timestamp}","discarded_events":[`;
  }

  /** Whether the loss has been added. All of it is ASCII, so that characters are bytes. */
  add({ reason, category, quantity }: ReportedLoss): boolean {
    const comma = this.#members === "" ? "" : ",";
    const member = `${comma}{"reason":"${reason}","category":"${category}","quantity":${quantity}}`;
    const length = this.#head.length + this.#members.length + member.length + "]}".length;
    if (length > MAX_PAYLOAD_LENGTH) return false;
    this.#members += member;
    return true;
  }

  payload(): string {
    return `${this.#head}${this.#members}]}`;
  }
}

/**
 * The envelope with the report as its last item, in a buffer of its own: what the envelope holds, and
 * so what its loss costs, stays the same, and a spool must get the one without.
 */
export function withReport(envelope: EncodedEnvelope, { payload }: ClientReport): EncodedEnvelope {
  return appendItem(envelope, ITEM_TYPE, payload);
}

/** An envelope of the report alone; `headerMembers` as for any envelope. Its own loss costs nothing. */
export function reportEnvelope({ payload }: ClientReport, headerMembers: string): EncodedEnvelope {
  return encodeEnvelope({
    category: "internal",
    itemType: ITEM_TYPE,
    payload,
    headerMembers,
    contents: [],
  });
}

/** Where the reports stand. */
export interface ReportCounts {
  /** Reports that were taken and not given back: told to the server, or on their way. */
  readonly sent: number;
  /** Reports that could not be delivered; what they said is told by later ones. */
  readonly restored: number;
  /** What the server has not been told of, by category. */
  readonly untold: UntoldCounts;
}

/** Makes reports of what was lost. Each loss is in one report at a time. */
export interface ClientReports {
  /** Whether there is something to tell. */
  readonly hasPending: boolean;
  /**
   * The report for an envelope that leaves now. Undefined when there is nothing to tell, or when the
   * last one was taken less than the interval ago. `nowMillis` is by any clock that does not jump.
   */
  take(nowMillis: number): ClientReport | undefined;
  /** The same at the end, where no interval counts; what does not fit into it is in the next one. */
  takeNow(): ClientReport | undefined;
  /** Takes back a report that was not delivered; later ones tell what it says. A second time nothing happens. */
  restore(report: ClientReport): void;
  /** Calls `run` whenever there is something to tell and there was nothing before. It must not throw. */
  onPending(run: () => void): void;
  counts(): ReportCounts;
}

/** What reports are made of. */
export interface ClientReportsSettings {
  readonly ledger: DiscardLedger;
  /** Time from one report to the next; default 30,000. */
  readonly intervalMillis?: number | undefined;
  /** The clock that the server is told: milliseconds since the epoch, default `Date.now`. */
  readonly wallNow?: (() => number) | undefined;
}

const DEFAULT_INTERVAL_MILLIS = 30_000;

/** Builds the reports of one client. */
export function createClientReports(settings: ClientReportsSettings): ClientReports {
  return new LedgerReports(settings);
}

/** For a client that reports nothing. */
export const NO_CLIENT_REPORTS: ClientReports = {
  hasPending: false,
  take: () => undefined,
  takeNow: () => undefined,
  restore: () => undefined,
  onPending: () => undefined,
  counts: () => ({ sent: 0, restored: 0, untold: {} }),
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
    return this.#ledger.hasUntold;
  }

  // Asked for each envelope, and mostly there is nothing.
  take(nowMillis: number): ClientReport | undefined {
    if (!this.#ledger.hasUntold) return undefined;
    if (nowMillis - this.#takenAt < this.#intervalMillis) return undefined;
    this.#takenAt = nowMillis;
    return this.takeNow();
  }

  takeNow(): ClientReport | undefined {
    if (!this.#ledger.hasUntold) return undefined;
    const writer = new ReportWriter(this.#wallNow());
    const discarded = this.#ledger.takeUntold((loss) => writer.add(loss));
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
    this.#ledger.onUntold(run);
  }

  counts(): ReportCounts {
    return { sent: this.#sent, restored: this.#restored, untold: this.#ledger.untold() };
  }
}
