import { EventEmitter } from "node:events";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { UncaughtErrors } from "../../src/setup/uncaught.js";
import type { UncaughtClient, UncaughtHint } from "../../src/setup/uncaught.js";

const EVENTS = [
  "exit",
  "newListener",
  "removeListener",
  "uncaughtException",
  "uncaughtExceptionMonitor",
  "unhandledRejection",
];

const ownListeners = process.listeners("unhandledRejection");

afterEach(() => {
  process.removeAllListeners("unhandledRejection");
  for (const own of ownListeners) process.on("unhandledRejection", own);
});

function counts(): Record<string, number> {
  return Object.fromEntries(EVENTS.map((name) => [name, process.listenerCount(name)]));
}

function clientOf(): UncaughtClient {
  return clientThat(() => Promise.resolve(true), 1);
}

function listener(): void {}

function count(): number {
  return process.listenerCount("unhandledRejection");
}

it("there is one set of listeners for all clients, none of which changes what an error does", () => {
  process.removeAllListeners("unhandledRejection");
  const before = counts();
  const uncaught = new UncaughtErrors(process);
  const clients = [clientOf(), clientOf()];
  for (const client of clients) uncaught.add(client, () => {});
  expect(counts()).toEqual({
    ...before,
    exit: (before["exit"] ?? 0) + 1,
    newListener: (before["newListener"] ?? 0) + 1,
    removeListener: (before["removeListener"] ?? 0) + 1,
    uncaughtExceptionMonitor: (before["uncaughtExceptionMonitor"] ?? 0) + 1,
  });
  for (const client of [...clients, ...clients]) uncaught.remove(client);
  expect(counts()).toEqual(before);
});

it("rejections are listened to as long as the application does, by whatever way it stops", () => {
  process.removeAllListeners("unhandledRejection");
  const uncaught = new UncaughtErrors(process);
  const client = clientOf();
  uncaught.add(client, () => {});
  expect(count()).toBe(0);
  process.on("unhandledRejection", listener);
  process.once("unhandledRejection", () => {});
  expect(count()).toBe(3);
  process.emit("unhandledRejection", new Error("x"), Promise.resolve());
  expect(count()).toBe(2);
  process.off("unhandledRejection", listener);
  expect(count()).toBe(0);
  process.on("unhandledRejection", listener);
  process.removeAllListeners("unhandledRejection");
  expect(count()).toBe(0);
  process.on("unhandledRejection", listener);
  expect(count()).toBe(2);
  uncaught.remove(client);
  expect(count()).toBe(1);
});

it("each client gets what is not handled, whatever the report to another one does", () => {
  const uncaught = new UncaughtErrors(process);
  const reports: [unknown, UncaughtHint][] = [];
  const clients = [clientOf(), clientOf()] as const;
  uncaught.add(clients[0], () => {
    throw new Error("report");
  });
  uncaught.add(clients[1], (thrown, hint) => reports.push([thrown, hint]));
  process.on("unhandledRejection", () => {});
  process.emit("unhandledRejection", "reason", Promise.resolve());
  for (const client of clients) uncaught.remove(client);
  const mechanism = { type: "auto.node.onunhandledrejection", handled: false };
  expect(reports).toEqual([["reason", { level: "error", mechanism, syntheticStack: "" }]]);
});

/** A process that fails, and what becomes of it. */
class FailingProcess extends EventEmitter {
  readonly execArgv = [];
  readonly version = process.version;
  readonly stderr = { write: () => true };
  hasUncaughtExceptionCaptureCallback(): boolean {
    return false;
  }
  fail(): void {
    this.emit("uncaughtExceptionMonitor", new Error("failure"), "uncaughtException");
  }
  /** Whether something keeps it from ending. */
  get isHeldUp(): boolean {
    return this.listenerCount("uncaughtException") > 0;
  }
}

function clientThat(flush: UncaughtClient["flush"], shutdownTimeoutMillis: number): UncaughtClient {
  return { flush, settings: { shutdownTimeoutMillis }, captureUnfinished: () => {} };
}

/** A client that delivers nothing within its time. */
function slowClient(shutdownTimeoutMillis: number, flushes: number[]): UncaughtClient {
  return clientThat((timeoutMillis) => {
    flushes.push(timeoutMillis);
    return new Promise((resolve) => void setTimeout(() => resolve(false), timeoutMillis));
  }, shutdownTimeoutMillis);
}

function never(): Promise<never> {
  return new Promise(() => {});
}

describe("the end of a process that has failed", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "performance"] });
  });
  afterEach(() => {
    vi.clearAllTimers();
    vi.useRealTimers();
  });

  it("is held up for the longest `shutdownTimeoutMillis` of all clients, each of which gets its own", async () => {
    const target = new FailingProcess();
    const uncaught = new UncaughtErrors(target);
    const flushes: number[] = [];
    for (const millis of [500, 2000]) uncaught.add(slowClient(millis, flushes), () => {});
    target.fail();
    expect(flushes).toEqual([250, 1000]);
    await vi.advanceTimersByTimeAsync(1999);
    expect(target.isHeldUp).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(target.isHeldUp).toBe(false);
  });

  it("is held up for 500 ms more than that where a flush does not end", async () => {
    const target = new FailingProcess();
    const uncaught = new UncaughtErrors(target);
    uncaught.add(clientThat(never, 500), () => {});
    target.fail();
    await vi.advanceTimersByTimeAsync(999);
    expect(target.isHeldUp).toBe(true);
    await vi.advanceTimersToNextTimerAsync();
    await vi.advanceTimersToNextTimerAsync();
    expect(target.isHeldUp).toBe(false);
  });

  it("is flushed twice, because requests end during the first flush, which takes half of the time at most", async () => {
    const target = new FailingProcess();
    const uncaught = new UncaughtErrors(target);
    const done: (number | "unfinished")[] = [];
    const flush = (timeoutMillis: number): Promise<boolean> => {
      done.push(timeoutMillis);
      return new Promise((resolve) => void setTimeout(() => resolve(true), 100));
    };
    const captureUnfinished = (): void => void done.push("unfinished");
    uncaught.add({ ...clientThat(flush, 1000), captureUnfinished }, () => {});
    target.fail();
    await vi.advanceTimersByTimeAsync(199);
    expect([done, target.isHeldUp]).toEqual([[500, "unfinished", 900], true]);
    await vi.advanceTimersByTimeAsync(1);
    expect([done.length, target.isHeldUp]).toEqual([3, false]);
  });

  it("takes no more time from a flush that another error has begun than the first one had left", async () => {
    const target = new FailingProcess();
    const uncaught = new UncaughtErrors(target);
    const flushes: number[] = [];
    const flush = (timeoutMillis: number): Promise<boolean> => {
      flushes.push(timeoutMillis);
      return new Promise((resolve) => void setTimeout(() => resolve(true), 300));
    };
    uncaught.add(clientThat(flush, 1000), () => {});
    target.fail();
    target.fail();
    await vi.advanceTimersByTimeAsync(300);
    expect(flushes).toEqual([500, 700]);
    await vi.advanceTimersByTimeAsync(300);
    expect([flushes.length, target.isHeldUp]).toEqual([2, false]);
  });
});
