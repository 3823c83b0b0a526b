import { describe, expect, it } from "vitest";

import { ThreadQueue } from "../../../src/delivery/thread/thread-queue.js";
import type { BatchMessage } from "../../../src/delivery/thread/thread-messages.js";
import type { SendOptions, SendResult } from "../../../src/delivery/transport.js";
import type { DataCategory } from "../../../src/protocol/data-category.js";
import { contentOf } from "../../../src/protocol/envelope.js";
import type { EncodedEnvelope } from "../../../src/protocol/envelope.js";
import { DELIVERED, envelopeOf } from "../support.js";

const LIMITED: SendResult = {
  outcome: "delivered",
  statusCode: 200,
  limits: { rateLimits: "60:transaction:org", retryAfter: undefined },
};

interface Bench {
  readonly queue: ThreadQueue;
  /** Categories of the envelopes that were sent, in order. */
  readonly sent: DataCategory[];
  /** Answers the send that is oldest. */
  readonly answer: (result: SendResult) => Promise<void>;
  /** Outcomes by id. */
  readonly outcomes: Map<number, string>;
}

function openQueue(): Bench {
  const sent: DataCategory[] = [];
  const outcomes = new Map<number, string>();
  const open: ((result: SendResult) => void)[] = [];
  const transport = {
    send: ({ category }: EncodedEnvelope) => {
      sent.push(category);
      return new Promise<SendResult>((resolve) => void open.push(resolve));
    },
    close: () => Promise.resolve(),
  };
  const queue = new ThreadQueue({
    transport,
    maxConcurrency: 1,
    stalledConcurrency: 0,
    onResult: (id, { outcome }) => void outcomes.set(id, outcome),
  });
  return {
    queue,
    sent,
    outcomes,
    async answer(result) {
      open.shift()?.(result);
      await new Promise((resolve) => void setImmediate(resolve));
    },
  };
}

function batch(
  firstId: number,
  categories: readonly DataCategory[],
  options?: Record<number, SendOptions>,
): BatchMessage {
  const contents = categories.map((category) => contentOf(envelopeOf(category)));
  return { kind: "batch", firstId, contents, categories, options, failFast: false };
}

describe("the envelopes in the sender thread", () => {
  it("are sent by priority, whichever message they came in", async () => {
    const { queue, sent, answer } = openQueue();
    queue.enter(batch(1, ["log_item", "transaction", "transaction"]));
    queue.enter(batch(4, ["error", "monitor"]));
    for (let count = 0; count < 5; count++) await answer(DELIVERED);
    expect(sent).toEqual(["transaction", "monitor", "error", "transaction", "log_item"]);
    expect(queue.pending).toBe(0);
  });

  it("come back unsent once their category is rate-limited; other categories and reports are sent", async () => {
    const { queue, sent, outcomes, answer } = openQueue();
    queue.enter(batch(1, ["transaction"]));
    queue.enter(batch(2, ["transaction", "error"]));
    await answer(LIMITED);
    await answer(DELIVERED);
    queue.enter(batch(4, ["transaction", "internal"]));
    await answer(DELIVERED);
    expect(sent).toEqual(["transaction", "error", "internal"]);
    expect([...outcomes].toSorted(([a], [b]) => a - b)).toEqual([
      [1, "delivered"],
      [2, "unsent"],
      [3, "delivered"],
      [4, "unsent"],
      [5, "delivered"],
    ]);
  });

  it("are sent in spite of a rate limit if the application's thread has permitted it", async () => {
    const { queue, outcomes, answer } = openQueue();
    queue.enter(batch(1, ["transaction"]));
    await answer(LIMITED);
    queue.enter(batch(2, ["transaction"], { 0: { isProbe: true } }));
    await answer(DELIVERED);
    expect(outcomes.get(2)).toBe("delivered");
  });

  it("have the result of a closed transport after the end, unless they are in flight", () => {
    const { queue, sent, outcomes } = openQueue();
    queue.enter(batch(1, ["transaction", "transaction"]));
    queue.end();
    expect(sent).toHaveLength(1);
    expect([...outcomes]).toEqual([[2, "retryable"]]);
    expect(queue.pending).toBe(1);
  });
});
