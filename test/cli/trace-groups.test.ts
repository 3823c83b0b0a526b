import { describe, expect, it } from "vitest";

import {
  ERROR_MILLIS,
  MAX_WAITING_ARRIVALS,
  MAX_WAITING_TRACES,
  QUIET_MILLIS,
  TraceGroups,
} from "../../src/cli/trace-groups.js";
import { readError, readTransaction } from "../../src/inbox/read-events.js";
import type { TraceRecord } from "../../src/inbox/trace-record.js";
import { errorOf, transactionOf } from "./trace-kit.js";

function setUp() {
  const printed: TraceRecord[] = [];
  const timers = new Map<() => void, number>();
  const groups = new TraceGroups({
    print: (trace) => printed.push(trace),
    startTimer: (millis, run) => {
      timers.set(run, millis);
      return () => timers.delete(run);
    },
  });
  const elapse = (): void => {
    for (const run of timers.keys()) run();
    timers.clear();
  };
  return { groups, printed, timers, elapse };
}

const work = (id: string, traceId?: string) =>
  readTransaction(transactionOf({ id, from: 0, to: 1 }, [], traceId));

const failure = (value: string, traceId: string) =>
  ({ kind: "error", error: readError(errorOf(value, "none", traceId)) }) as const;

describe("the events of a trace", () => {
  it("are printed together once it has been quiet", () => {
    const { groups, printed, timers, elapse } = setUp();

    groups.add(work("a", "trace"));
    groups.add(work("b", "trace"));
    groups.add(failure("failed", "trace"));
    expect(printed).toEqual([]);
    expect([...timers.values()]).toEqual([QUIET_MILLIS]);
    elapse();

    expect(printed.map(({ transactions, errors }) => [transactions.length, errors.length])).toEqual(
      [[2, 1]],
    );
  });

  it("are printed apart from those of another trace", () => {
    const { groups, printed, elapse } = setUp();

    groups.add(work("a", "one"));
    groups.add(work("b", "two"));
    elapse();

    expect(printed.map(({ id }) => id)).toEqual(["one", "two"]);
  });

  it("are printed at the end, and their timers are gone", () => {
    const { groups, printed, timers } = setUp();

    groups.add(work("a"));
    groups.flush();

    expect([printed.length, timers.size]).toEqual([1, 0]);
  });

  it("do not pile up: beyond their number they are printed at once", () => {
    const { groups, printed, timers } = setUp();

    for (let index = 0; index < MAX_WAITING_ARRIVALS; index += 1) groups.add(work("a", "long"));
    expect(printed.map(({ transactions }) => transactions.length)).toEqual([MAX_WAITING_ARRIVALS]);

    for (let index = 0; index <= MAX_WAITING_TRACES; index += 1)
      groups.add(work("a", `trace ${index}`));
    expect(printed.map(({ id }) => id)).toEqual(["long", "trace 0"]);
    expect(timers.size).toBe(MAX_WAITING_TRACES);
  });

  it("are printed with an error that came before them", () => {
    const { groups, printed, timers, elapse } = setUp();

    groups.add(failure("failed", "trace"));
    expect([...timers.values()]).toEqual([ERROR_MILLIS]);
    groups.add(work("a", "trace"));
    elapse();

    expect(printed.map(({ spans, errors }) => [spans.length, errors.length])).toEqual([[1, 1]]);
  });

  it("are printed with an error that was printed before, because they took long", () => {
    const { groups, printed, elapse } = setUp();

    groups.add(failure("failed", "trace"));
    elapse();
    groups.add(failure("other", "another trace"));
    groups.add(work("a", "trace"));
    elapse();

    const trace = printed.find(({ spans }) => spans.length > 0);
    expect(trace?.errors.map(({ title }) => title)).toEqual(["TypeError: failed"]);
    expect(printed).toHaveLength(3);
  });
});
