import { DiscardLedger } from "../../src/client-reports/ledger.js";
import { createClientReports } from "../../src/client-reports/client-reports.js";
import type { ClientReport, ClientReports } from "../../src/client-reports/client-reports.js";
import type { DataCategory, DiscardReason, ItemCount } from "../../src/protocol/data-category.js";

export const WALL_NOW = Date.UTC(2026, 10, 22, 10, 1, 0, 5);

export const LOCAL_REASONS = ["closed", "disabled", "rate_limited"] as const;

export const REPORTED_REASONS = [
  "backpressure",
  "before_send",
  "buffer_overflow",
  "cache_overflow",
  "event_processor",
  "ignored",
  "insufficient_data",
  "internal_sdk_error",
  "invalid",
  "network_error",
  "queue_overflow",
  "ratelimit_backoff",
  "sample_rate",
  "send_error",
] as const;

export const REPORTED_CATEGORIES = [
  "attachment",
  "default",
  "error",
  "feedback",
  "log_byte",
  "log_item",
  "monitor",
  "session",
  "span",
  "trace_metric",
  "transaction",
] as const;

/** A ledger and its reports, with a clock that the test controls. */
export function startReports(intervalMillis?: number): {
  ledger: DiscardLedger;
  reports: ClientReports;
} {
  const ledger = new DiscardLedger();
  const reports = createClientReports({ ledger, intervalMillis, wallNow: () => WALL_NOW });
  return { ledger, reports };
}

export function items(category: DataCategory, quantity = 1): readonly ItemCount[] {
  return [{ category, quantity }];
}

/** Sums by reason and category, for comparison. */
export class Sums {
  readonly #sums = new Map<string, number>();

  add(reason: DiscardReason, category: DataCategory, quantity: number): void {
    const key = `${reason}/${category}`;
    this.#sums.set(key, (this.#sums.get(key) ?? 0) + quantity);
  }

  addReport(report: ClientReport): void {
    for (const { reason, category, quantity } of parsed(report).discarded_events)
      this.add(reason, category, quantity);
  }

  entries(): Record<string, number> {
    return Object.fromEntries([...this.#sums].toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }
}

export interface ParsedReport {
  readonly timestamp: string;
  readonly discarded_events: readonly {
    readonly reason: DiscardReason;
    readonly category: DataCategory;
    readonly quantity: number;
  }[];
}

export function parsed(report: ClientReport): ParsedReport {
  return JSON.parse(report.payload) as ParsedReport;
}
