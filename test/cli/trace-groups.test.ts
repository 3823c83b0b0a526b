import { describe, expect, it } from "vitest";

import { MAX_PARTS, MAX_TRACES, QUIET_MILLIS, TraceGroups } from "../../src/cli/trace-groups.js";
import type { ReceivedTrace } from "../../src/cli/trace-groups.js";
import { errorOf, transactionOf } from "./trace-parts.js";

function setUp() {
  const printed: ReceivedTrace[] = [];
  const timers = new Map<() => void, number>();
  const groups = new TraceGroups({
    print: (trace) => printed.push(trace),
    setTimer: (run, millis) => {
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

const work = (id: string, traceId?: string) => ({
  transaction: transactionOf({ id, from: 0, to: 1 }, [], traceId),
});

describe("the events of a trace", () => {
  it("are printed together once it has been quiet", () => {
    const { groups, printed, timers, elapse } = setUp();

    groups.add(work("a", "trace"));
    groups.add(work("b", "trace"));
    groups.add({ error: errorOf("failed", "a", "trace") });
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

    expect(printed.map(({ traceId }) => traceId)).toEqual(["one", "two"]);
  });

  it("are printed at the end, and their timers are gone", () => {
    const { groups, printed, timers } = setUp();

    groups.add(work("a"));
    groups.flush();

    expect([printed.length, timers.size]).toEqual([1, 0]);
  });

  it("do not pile up: beyond their number they are printed at once", () => {
    const { groups, printed, timers } = setUp();

    for (let index = 0; index < MAX_PARTS; index += 1) groups.add(work("a", "long"));
    expect(printed.map(({ transactions }) => transactions.length)).toEqual([MAX_PARTS]);

    for (let index = 0; index <= MAX_TRACES; index += 1) groups.add(work("a", `trace ${index}`));
    expect(printed.map(({ traceId }) => traceId)).toEqual(["long", "trace 0"]);
    expect(timers.size).toBe(MAX_TRACES);
  });
});
