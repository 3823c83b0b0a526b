import { describe, expect, it } from "vitest";

import { envelopeOf, DELIVERED } from "../support.js";
import { LIMITED, REJECTED, RETRYABLE, heldAnswer, setUp } from "./spool-replay-support.js";

describe("a replay", () => {
  it("does nothing before it is started", async () => {
    const { replay, spool, timers } = setUp(3);
    replay.nudge();
    await timers.advance(1_000_000);
    expect(spool.claims).toBe(0);
    expect(timers.pending).toBe(0);
  });

  it("sends one envelope at a time, 100 ms after the one before", async () => {
    const { replay, timers, sent, spool, outcomes } = setUp(5);
    replay.start();
    await timers.turn();
    expect(sent).toHaveLength(1);
    await timers.advance(99);
    expect(sent).toHaveLength(1);
    for (let count = 2; count <= 5; count += 1) {
      await timers.advance(count === 2 ? 1 : 100);
      expect(sent).toHaveLength(count);
    }
    expect(spool.done).toBe(5);
    expect(outcomes).toEqual(Array.from({ length: 5 }, () => "delivered"));
  });

  it("waits for the answer before it sends the next", async () => {
    const set = setUp(2);
    const answer = heldAnswer();
    set.answers = [answer.promise, DELIVERED];
    set.replay.start();
    await set.timers.advance(60_000);
    set.replay.nudge();
    await set.timers.advance(60_000);
    expect(set.sent).toHaveLength(1);
    answer.give(DELIVERED);
    await set.timers.turn();
    await set.timers.advance(100);
    expect(set.sent).toHaveLength(2);
  });

  it("deletes what the server has refused", async () => {
    const set = setUp(2);
    set.answers = [REJECTED, DELIVERED];
    set.replay.start();
    await set.timers.turn();
    await set.timers.advance(100);
    expect(set.outcomes).toEqual(["rejected", "delivered"]);
    expect(set.spool.done).toBe(2);
  });

  it("scans the directory every minute once it is empty", async () => {
    const { replay, timers, spool, sent } = setUp(0);
    replay.start();
    await timers.turn();
    expect(spool.claims).toBe(1);
    spool.keepSync(envelopeOf());
    await timers.advance(59_999);
    expect(sent).toHaveLength(0);
    await timers.advance(1);
    expect(sent).toHaveLength(1);
  });

  it("does not scan the disk for every response of the server", async () => {
    const { replay, timers, spool, sent } = setUp(0);
    replay.start();
    await timers.turn();
    for (let count = 0; count < 1000; count += 1) {
      await timers.advance(10);
      replay.nudge();
    }
    await timers.turn();
    expect(spool.claims).toBe(1);
    spool.keepSync(envelopeOf());
    replay.nudge();
    await timers.turn();
    expect(sent).toHaveLength(1);
  });

  it("scans at most once a second if others have claimed everything", async () => {
    const { replay, timers, spool } = setUp(1);
    const other = await spool.claim(() => false);
    replay.start();
    await timers.turn();
    const { claims } = spool;
    for (let count = 0; count < 1000; count += 1) {
      await timers.advance(10);
      replay.nudge();
    }
    await timers.turn();
    expect(spool.claims - claims).toBeLessThanOrEqual(10);
    await other?.done();
  });
});

describe("without an answer a replay", () => {
  it("tries again after 1 second, then twice as long each time, up to 5 minutes", async () => {
    const set = setUp(1);
    set.answers = [RETRYABLE];
    set.replay.start();
    await set.timers.turn();
    for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
      const before = set.sent.length;
      await set.timers.advance(seconds * 1000 - 1);
      expect(set.sent).toHaveLength(before);
      await set.timers.advance(1);
      expect(set.sent).toHaveLength(before + 1);
    }
    expect(set.spool.waiting).toHaveLength(1);
    expect(set.outcomes).toEqual([]);
  });

  it("tries again as soon as the server answers something else", async () => {
    const set = setUp(2);
    set.answers = [RETRYABLE, RETRYABLE, RETRYABLE, RETRYABLE, DELIVERED];
    set.replay.start();
    await set.timers.turn();
    for (const seconds of [1, 2, 4]) await set.timers.advance(seconds * 1000);
    expect(set.sent).toHaveLength(4);
    set.replay.nudge();
    await set.timers.turn();
    await set.timers.advance(100);
    expect(set.outcomes).toEqual(["delivered", "delivered"]);
  });

  it("does not become a busy loop if the server answers everything except spooled envelopes", async () => {
    const set = setUp(1);
    set.answers = [RETRYABLE];
    set.replay.start();
    await set.timers.turn();
    for (let count = 0; count < 6000; count += 1) {
      set.replay.nudge();
      await set.timers.advance(10);
    }
    expect(set.sent.length).toBeLessThan(20);
  });

  it.each([
    ["connect", false],
    ["refused", false],
    ["answer", true],
    ["reused", true],
    ["timeout", true],
  ] as const)(
    "puts a failure in the phase `%s` down to the envelope: %s",
    async (phase, isBlamed) => {
      const set = setUp(1);
      set.answers = [{ outcome: "retryable", error: new Error("it failed"), phase }];
      set.replay.start();
      await set.timers.turn();
      expect(set.spool.blamed).toEqual([isBlamed]);
    },
  );

  it("also backs off if the transport throws", async () => {
    const set = setUp(1);
    set.answers = [new Error("broken"), DELIVERED];
    set.replay.start();
    await set.timers.turn();
    expect(set.spool.waiting).toHaveLength(1);
    await set.timers.advance(1000);
    expect(set.outcomes).toEqual(["delivered"]);
  });

  it("starts again from 1 second after an answer", async () => {
    const set = setUp(2);
    set.answers = [RETRYABLE, RETRYABLE, DELIVERED, RETRYABLE, DELIVERED];
    set.replay.start();
    await set.timers.turn();
    for (const millis of [1000, 2000, 100, 1000]) await set.timers.advance(millis);
    expect(set.sent).toHaveLength(5);
  });
});

describe("under a rate limit a replay", () => {
  it("keeps limited envelopes, sends the rest, and continues once the limit is over", async () => {
    const set = setUp(4, ["error", "transaction"]);
    set.limits.add("error");
    set.replay.start();
    await set.timers.turn();
    await set.timers.advance(100);
    await set.timers.advance(100);
    expect(set.sent.map(({ category }) => category)).toEqual(["transaction", "transaction"]);
    expect(set.spool.waiting).toHaveLength(2);
    set.limits.clear();
    await set.timers.advance(5000);
    await set.timers.advance(100);
    expect(set.sent).toHaveLength(4);
    expect(set.spool.done).toBe(4);
  });

  it("reports a 429 and keeps the envelope", async () => {
    const set = setUp(1);
    set.answers = [LIMITED];
    set.replay.start();
    await set.timers.turn();
    expect(set.outcomes).toEqual(["limited"]);
    expect(set.spool.waiting).toHaveLength(1);
    // No limit came of it: that is a reason to wait all the same.
    await set.timers.advance(100);
    expect(set.sent).toHaveLength(1);
    set.answers = [DELIVERED];
    await set.timers.advance(900);
    expect(set.outcomes).toEqual(["limited", "delivered"]);
  });
});

describe("stop", () => {
  it("ends at once between two sends, and leaves no timer", async () => {
    const { replay, timers, sent } = setUp(5);
    replay.start();
    await timers.turn();
    await replay.stop();
    replay.nudge();
    replay.start();
    await timers.advance(1_000_000);
    expect(sent).toHaveLength(1);
    expect(timers.pending).toBe(0);
  });

  it("waits for the envelope that is being sent", async () => {
    const set = setUp(2);
    const answer = heldAnswer();
    set.answers = [answer.promise];
    set.replay.start();
    await set.timers.turn();
    let isStopped = false;
    const stopping = set.replay.stop().then(() => (isStopped = true));
    await set.timers.turn();
    expect(isStopped).toBe(false);
    answer.give(DELIVERED);
    await stopping;
    expect(set.outcomes).toEqual(["delivered"]);
    expect(set.spool.waiting).toHaveLength(1);
    expect(set.timers.pending).toBe(0);
  });

  it("releases an envelope that gets no response, and one that was just claimed", async () => {
    const set = setUp(1);
    set.answers = [RETRYABLE];
    set.replay.start();
    const stopping = set.replay.stop();
    await stopping;
    expect(set.sent).toHaveLength(0);
    expect(set.spool.waiting).toHaveLength(1);
  });

  it("before the start makes the start do nothing", async () => {
    const { replay, timers, spool } = setUp(1);
    await replay.stop();
    replay.start();
    await timers.advance(1_000_000);
    expect(spool.claims).toBe(0);
  });
});
