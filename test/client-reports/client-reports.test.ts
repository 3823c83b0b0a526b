import { describe, expect, it, vi } from "vitest";

import { NO_CLIENT_REPORTS } from "../../src/client-reports/client-reports.js";
import type { ClientReport } from "../../src/client-reports/client-reports.js";
import type { DataCategory } from "../../src/protocol/data-category.js";
import {
  LOCAL_REASONS,
  REPORTED_CATEGORIES,
  REPORTED_REASONS,
  Sums,
  items,
  parsed,
  startReports,
} from "./reports-kit.js";

describe("a client report", () => {
  it("lists lost items by reason and category, with a timestamp", () => {
    const { ledger, reports } = startReports();
    ledger.record("sample_rate", [
      { category: "transaction", quantity: 1 },
      { category: "span", quantity: 4 },
    ]);
    ledger.record("sample_rate", items("span", 3));
    ledger.record("network_error", items("monitor"));
    const report = reports.take(0);
    expect(report && parsed(report)).toEqual({
      timestamp: "2026-11-22T10:01:00.005Z",
      discarded_events: [
        { reason: "sample_rate", category: "transaction", quantity: 1 },
        { reason: "sample_rate", category: "span", quantity: 7 },
        { reason: "network_error", category: "monitor", quantity: 1 },
      ],
    });
  });

  it("is not made without losses", () => {
    const { reports } = startReports();
    expect([reports.hasPending, reports.take(0), reports.takeNow()]).toEqual([
      false,
      undefined,
      undefined,
    ]);
  });

  it("reports each loss once", () => {
    const { ledger, reports } = startReports();
    ledger.record("before_send", items("error"));
    expect(reports.takeNow()).toBeDefined();
    expect([reports.hasPending, reports.takeNow(), reports.take(1e9)]).toEqual([
      false,
      undefined,
      undefined,
    ]);
  });

  it("is at most one in 30 seconds, from the last one that was taken", () => {
    const { ledger, reports } = startReports();
    const taken = [0, 1, 29_999, 30_000, 59_999, 60_000].filter((now) => {
      ledger.record("before_send", items("error"));
      return reports.take(now) !== undefined;
    });
    expect(taken).toEqual([0, 30_000, 60_000]);
  });

  it("is made at the configured interval", () => {
    const { ledger, reports } = startReports(5);
    ledger.record("before_send", items("error"));
    expect(reports.take(0)).toBeDefined();
    ledger.record("before_send", items("error"));
    expect(reports.take(4)).toBeUndefined();
    expect(reports.take(5)).toBeDefined();
  });

  it("does not wait at the end", () => {
    const { ledger, reports } = startReports();
    ledger.record("before_send", items("error"));
    reports.take(0);
    ledger.record("before_send", items("error", 2));
    expect(parsed(reports.takeNow() as ClientReport).discarded_events).toEqual([
      { reason: "before_send", category: "error", quantity: 2 },
    ]);
  });

  it.each(LOCAL_REASONS)("says nothing of what is `%s`, which only the client counts", (reason) => {
    const { ledger, reports } = startReports();
    ledger.record(reason, items("error", 2));
    expect([reports.hasPending, reports.takeNow()]).toEqual([false, undefined]);
    expect(ledger.snapshot()).toEqual({ error: { [reason]: 2 } });
  });

  it("does not report lost reports, whose category is `internal`", () => {
    const { ledger, reports } = startReports();
    ledger.record("network_error", items("internal"));
    expect([reports.hasPending, reports.takeNow()]).toEqual([false, undefined]);
  });

  it("includes losses of another process's envelopes, which the client does not count", () => {
    const { ledger, reports } = startReports();
    ledger.recordForeign("send_error", items("error", 3));
    expect(ledger.snapshot()).toEqual({});
    expect(parsed(reports.takeNow() as ClientReport).discarded_events).toEqual([
      { reason: "send_error", category: "error", quantity: 3 },
    ]);
  });

  it("cannot be spoiled by a file's category or quantity", () => {
    const { ledger, reports } = startReports();
    ledger.recordForeign("send_error", items("__proto__" as DataCategory));
    ledger.recordForeign("send_error", items('x"}' as DataCategory));
    ledger.recordForeign("send_error", items("internal"));
    for (const quantity of [Number.NaN, -1, 0, 0.5, Infinity, 2 ** 60])
      ledger.recordForeign("send_error", items("span", quantity));
    expect(reports.hasPending).toBe(false);
    expect(ledger.snapshot()).toEqual({});
  });

  it("is restored if it was not delivered, and added to the losses since then", () => {
    const { ledger, reports } = startReports();
    ledger.record("before_send", items("error", 2));
    const lost = reports.takeNow() as ClientReport;
    ledger.record("before_send", items("error"));
    reports.restore(lost);
    expect(parsed(reports.takeNow() as ClientReport).discarded_events).toEqual([
      { reason: "before_send", category: "error", quantity: 3 },
    ]);
    expect(ledger.snapshot()).toEqual({ error: { before_send: 3 } });
  });

  it("is restored once only, and only into the reports that made it", () => {
    const { ledger, reports } = startReports();
    ledger.record("before_send", items("error"));
    const lost = reports.takeNow() as ClientReport;
    startReports().reports.restore(lost);
    reports.restore(lost);
    reports.restore(lost);
    expect(ledger.pending()).toEqual({ error: 1 });
  });

  it("waits its interval also after it was taken back: an outage costs no report per envelope", () => {
    const { ledger, reports } = startReports();
    ledger.record("before_send", items("error"));
    reports.restore(reports.take(0) as ClientReport);
    expect(reports.take(29_999)).toBeUndefined();
    expect(reports.take(30_000)).toBeDefined();
  });

  it("has at most 4 KiB: the rest comes first in the next one", () => {
    const { ledger, reports } = startReports();
    const all = new Sums();
    for (const reason of REPORTED_REASONS)
      for (const category of REPORTED_CATEGORIES) {
        ledger.record(reason, items(category, 1_000_000));
        all.add(reason, category, 1_000_000);
      }
    const told = new Sums();
    const lengths: number[] = [];
    for (let report = reports.takeNow(); report !== undefined; report = reports.takeNow()) {
      told.addReport(report);
      lengths.push(Buffer.byteLength(report.payload));
    }
    expect(told.entries()).toEqual(all.entries());
    expect(Math.max(...lengths)).toBeLessThanOrEqual(4096);
    expect(lengths.length).toBe(Math.ceil(lengths.reduce((sum, one) => sum + one, 0) / 4096));
  });

  it("reports older losses before new ones", () => {
    const { ledger, reports } = startReports();
    const seen = new Set<string>();
    for (let round = 0; round < 4; round++) {
      for (const reason of REPORTED_REASONS)
        for (const category of REPORTED_CATEGORIES) ledger.record(reason, items(category));
      for (const { reason, category } of reports.takeNow()?.discarded ?? [])
        seen.add(`${reason}/${category}`);
    }
    expect(seen.size).toBe(REPORTED_REASONS.length * REPORTED_CATEGORIES.length);
  });

  it("has quantities of at most 32 bits, as Relay reads them", () => {
    const { ledger, reports } = startReports();
    ledger.record("queue_overflow", items("log_byte", 2 ** 33));
    const quantities: number[] = [];
    for (let report = reports.takeNow(); report !== undefined; report = reports.takeNow())
      quantities.push(...report.discarded.map(({ quantity }) => quantity));
    expect(quantities).toEqual([2 ** 32 - 1, 2 ** 32 - 1, 2]);
  });
});

describe("a listener", () => {
  it("is called for the first loss, and again after all losses were reported or restored", () => {
    const { ledger, reports } = startReports();
    const run = vi.fn<() => void>();
    reports.onPending(run);
    ledger.record("closed", items("error"));
    expect(run).toHaveBeenCalledTimes(0);
    ledger.record("before_send", items("error"));
    ledger.record("sample_rate", items("span"));
    expect(run).toHaveBeenCalledTimes(1);
    const report = reports.takeNow() as ClientReport;
    reports.restore(report);
    expect(run).toHaveBeenCalledTimes(2);
    reports.takeNow();
    ledger.recordForeign("send_error", items("error"));
    expect(run).toHaveBeenCalledTimes(3);
  });

  it("is called at once where losses came before it", () => {
    const { ledger, reports } = startReports();
    ledger.record("before_send", items("error"));
    const run = vi.fn<() => void>();
    reports.onPending(run);
    expect(run).toHaveBeenCalledTimes(1);
  });
});

describe("the counts of reports", () => {
  it("count reports in flight, restored reports and unreported losses", () => {
    const { ledger, reports } = startReports();
    ledger.record("before_send", items("error"));
    const first = reports.takeNow() as ClientReport;
    ledger.record("sample_rate", items("span", 3));
    expect(reports.counts()).toEqual({ sent: 1, restored: 0, pending: { span: 3 } });
    reports.restore(first);
    expect(reports.counts()).toEqual({ sent: 0, restored: 1, pending: { error: 1, span: 3 } });
  });
});

it("no report is made with `sendClientReports: false`", () => {
  const run = vi.fn<() => void>();
  NO_CLIENT_REPORTS.onPending(run);
  expect([
    NO_CLIENT_REPORTS.hasPending,
    NO_CLIENT_REPORTS.take(0),
    NO_CLIENT_REPORTS.takeNow(),
    run.mock.calls.length,
  ]).toEqual([false, undefined, undefined, 0]);
  expect(NO_CLIENT_REPORTS.counts()).toEqual({ sent: 0, restored: 0, pending: {} });
});
