import type { EncodedEnvelope } from "../../../src/protocol/envelope.js";
import type { Spool } from "../../../src/delivery/spool/spool.js";
import { ItemCounter } from "../../../src/protocol/data-category.js";

/** A spool in memory whose writes end when the test says so. */
export interface MemorySpool extends Spool {
  readonly kept: readonly EncodedEnvelope[];
  /** Ends the writes that wait. */
  write(isKept?: boolean): void;
}

export function memorySpool({ isFull = false }: { isFull?: boolean } = {}): MemorySpool {
  const kept: EncodedEnvelope[] = [];
  let waiting: ((isKept: boolean) => void)[] = [];

  const keepSync = (envelope: EncodedEnvelope): boolean => {
    if (!isFull) kept.push(envelope);
    return !isFull;
  };

  return {
    kept,
    keepSync,
    keep: (envelope) =>
      new Promise((resolve) => {
        waiting.push((isKept) => resolve(isKept && keepSync(envelope)));
      }),
    claim: async () => undefined,
    holdsCheckIn: () => false,
    supersede: async () => true,
    counts: () => {
      const spooled = new ItemCounter();
      for (const { contents } of kept) spooled.add(contents);
      return { spooled: spooled.counts(), files: kept.length, bytes: 0 };
    },
    write(isKept = true) {
      const due = waiting;
      waiting = [];
      for (const end of due) end(isKept);
    },
  };
}
