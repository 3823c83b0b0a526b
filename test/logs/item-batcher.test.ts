import { describe, expect, it } from "vitest";

import {
  BATCH_WAIT_MILLIS,
  ItemBatcher,
  MAX_BATCH_BYTES,
  MAX_HELD_ITEMS,
} from "../../src/logs/item-batcher.js";
import { MemoryBound } from "../../src/delivery/memory-bound.js";
import type { EncodedItem } from "../../src/logs/encode-item.js";

interface Bench {
  readonly batcher: ItemBatcher;
  /** Number of items of each batch that was sent. */
  readonly sent: number[];
  /** Delays of the timers that run. */
  readonly timers: Map<() => void, number>;
  /** Lets all timers pass. */
  readonly pass: () => void;
}

function startBench(onSend: (batcher: ItemBatcher) => void = () => undefined): Bench {
  const sent: number[] = [];
  const timers = new Map<() => void, number>();
  const batcher = new ItemBatcher({
    memory: new MemoryBound(),
    drop: () => undefined,
    startTimer: (millis, run) => {
      timers.set(run, millis);
      return () => timers.delete(run);
    },
    send: (items) => {
      sent.push(items.length);
      onSend(batcher);
    },
  });
  const pass = (): void => {
    const due = [...timers.keys()];
    timers.clear();
    for (const run of due) run();
  };
  return { batcher, sent, timers, pass };
}

function addMany(batcher: ItemBatcher, count: number, bytes = 10): number {
  const item: EncodedItem = { text: "{}", bytes, missing: "none" };
  let taken = 0;
  for (let index = 0; index < count; index++) taken += batcher.add(item) ? 1 : 0;
  return taken;
}

describe("a batcher", () => {
  it("sends a hundred items at once, without waiting", () => {
    const { batcher, sent, timers } = startBench();
    addMany(batcher, 99);
    expect(sent).toEqual([]);
    addMany(batcher, 151);
    expect(sent).toEqual([100, 100]);
    expect(batcher.size).toBe(50);
    expect([...timers.values()]).toEqual([BATCH_WAIT_MILLIS]);
  });

  it("sends fewer five seconds after the first of them, with one timer", () => {
    const { batcher, sent, timers, pass } = startBench();
    addMany(batcher, 3);
    expect([...timers.values()]).toEqual([5000]);
    pass();
    expect(sent).toEqual([3]);
    expect(timers.size).toBe(0);
    addMany(batcher, 1);
    pass();
    expect(sent).toEqual([3, 1]);
  });

  it("sends before a megabyte is exceeded", () => {
    const { batcher, sent } = startBench();
    addMany(batcher, 5, MAX_BATCH_BYTES / 2);
    expect(sent).toEqual([2, 2]);
    addMany(batcher, 1, MAX_BATCH_BYTES * 2);
    expect(sent).toEqual([2, 2, 1]);
    batcher.flush();
    expect(sent).toEqual([2, 2, 1, 1]);
  });

  it("sends what it holds when it is flushed, and nothing when it holds nothing", () => {
    const { batcher, sent, timers } = startBench();
    batcher.flush();
    addMany(batcher, 7);
    batcher.flush();
    batcher.flush();
    expect(sent).toEqual([7]);
    expect(timers.size).toBe(0);
  });

  it("holds a thousand items of those that sending itself brings about, and sends them later", () => {
    const taken: number[] = [];
    const { batcher, sent, pass } = startBench((own) => {
      if (taken.length === 0) taken.push(addMany(own, 1500));
    });
    addMany(batcher, 100);
    expect(taken).toEqual([MAX_HELD_ITEMS]);
    expect(batcher.size).toBe(MAX_HELD_ITEMS);
    expect(batcher.add({ text: "{}", bytes: 10, missing: "none" })).toBe(false);
    pass();
    expect(sent).toEqual([100, ...Array.from({ length: 10 }, () => 100)]);
  });
});
