import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { MemoryBound } from "../../src/delivery/memory-bound.js";
import { HeldSpans } from "../../src/spans/held-spans.js";

describe("the spans that a client holds", () => {
  it("take no more than its limit at any time, in two buffers together", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 500 });
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 20_000 }), lengths, (maxBytes, added) => {
        const memory = new MemoryBound(maxBytes);
        const buffers = [bufferIn(memory), bufferIn(memory)];
        for (const [index, length] of added.entries()) {
          buffers[index % 2]?.add(length);
          expect(memory.heldBytes).toBeLessThanOrEqual(maxBytes);
        }
      }),
    );
  });
});

// Drops one span at a time, and sends none early.
function bufferIn(memory: MemoryBound): { add: (length: number) => void } {
  const lengths: number[] = [];
  const held: HeldSpans = new HeldSpans({
    memory,
    warnOnce: () => {},
    sendOldest: () => false,
    dropOldest: () => {
      const oldest = lengths.shift();
      if (oldest !== undefined) held.remove(1, oldest);
      return oldest !== undefined;
    },
  });
  return {
    add(length) {
      lengths.push(length);
      held.add(1, length);
    },
  };
}
