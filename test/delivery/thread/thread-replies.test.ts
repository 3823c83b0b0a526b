import { describe, expect, it } from "vitest";

import { ThreadReplies } from "../../../src/delivery/thread/thread-replies.js";
import type { ThreadReply } from "../../../src/delivery/thread/thread-messages.js";
import type { SendResult } from "../../../src/delivery/transport.js";
import { ThreadWatch } from "../../../src/delivery/thread/thread-worker.js";
import { manualTimers } from "../../time/manual-timers.js";
import type { ManualTimers } from "../../time/manual-timers.js";
import { DELIVERED, NO_LIMITS } from "../support.js";

const REJECTED: SendResult = { outcome: "rejected", statusCode: 500, limits: NO_LIMITS };

const NO_CONNECTIONS = {
  connectionsOpened: 0,
  connectionsOpen: 0,
  requestsOverKeptConnections: 0,
  bytesSent: 0,
};

function openReplies(): {
  replies: ThreadReplies;
  posted: (readonly number[])[];
  timers: ManualTimers;
  underWay: { pending: number };
} {
  const timers = manualTimers();
  const posted: (readonly number[])[] = [];
  const underWay = { pending: 10 };
  const replies = new ThreadReplies({
    timers,
    pending: () => underWay.pending,
    post: (reply: ThreadReply) => {
      if (reply.kind === "results")
        posted.push([...reply.accepted, ...reply.others.map(([id]) => id)]);
    },
    state: () => ({
      connections: NO_CONNECTIONS,
      retries: 0,
      held: 0,
      isReachable: true,
      lastError: undefined,
      unanswered: undefined,
    }),
  });
  return { replies, posted, timers, underWay };
}

describe("the results of the sender thread", () => {
  it("are reported together, 20 ms after the first one", () => {
    const { replies, posted, timers } = openReplies();
    replies.add(1, DELIVERED, false);
    timers.pass(10);
    replies.add(2, DELIVERED, false);
    timers.pass(9);
    expect(posted).toEqual([]);
    timers.pass(1);
    expect(posted).toEqual([[1, 2]]);
    expect(timers.pending).toBe(0);
  });

  it.each([
    ["of an error or check-in", DELIVERED, true],
    ["that is a failure", REJECTED, false],
    ["that came back unsent", { outcome: "unsent" } as const, false],
  ])("are reported at the end of the turn with one %s", async (_, result, isUrgent) => {
    const { replies, posted, timers } = openReplies();
    replies.add(1, DELIVERED, false);
    replies.add(2, result, isUrgent);
    replies.add(3, DELIVERED, false);
    expect(posted).toEqual([]);
    await timers.turn();
    expect(posted.flat().toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    expect(posted).toHaveLength(1);
  });

  it("are reported at the end of the turn with the last one, and while a flush is pending", async () => {
    const { replies, posted, timers, underWay } = openReplies();
    replies.hurry();
    replies.add(1, DELIVERED, false);
    await timers.turn();
    expect(posted).toEqual([[], [1]]);
    underWay.pending = 0;
    replies.add(2, DELIVERED, false);
    await timers.turn();
    expect(posted).toEqual([[], [1], [2]]);
  });
});

function openWatch(): {
  watch: ThreadWatch;
  timers: ManualTimers;
  seen: string[];
  reply: { isDue: boolean };
} {
  const timers = manualTimers();
  const seen: string[] = [];
  const reply = { isDue: true };
  const watch = new ThreadWatch({
    timers,
    isWaiting: () => reply.isDue,
    ask: () => void seen.push("asked"),
    onSilence: (millis) => void seen.push(`silent for ${millis}`),
  });
  return { watch, timers, seen, reply };
}

describe("the watch over the sender thread", () => {
  it("reports 15 s without a message, after it has asked three times", () => {
    const { watch, timers, seen } = openWatch();
    watch.start();
    timers.pass(60_000);
    expect(seen).toEqual(["asked", "asked", "asked", "silent for 15000"]);
  });

  it("reports nothing while the thread answers, however long the server takes", () => {
    const { watch, timers, seen } = openWatch();
    watch.start();
    for (let round = 0; round < 100; round++) {
      timers.pass(5000);
      watch.heard();
    }
    expect(new Set(seen)).toEqual(new Set(["asked"]));
  });

  it("has no timer while no reply is expected", () => {
    const { watch, timers, seen, reply } = openWatch();
    watch.start();
    reply.isDue = false;
    timers.pass(5000);
    expect(seen).toEqual([]);
    expect(timers.pending).toBe(0);
  });
});
