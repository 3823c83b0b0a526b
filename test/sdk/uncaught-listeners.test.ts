import { afterEach, expect, it } from "vitest";

import { UncaughtErrors } from "../../src/sdk/uncaught.js";
import type { UncaughtClient, UncaughtHint } from "../../src/sdk/uncaught.js";

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
  return { flush: () => Promise.resolve(true), settings: { shutdownTimeoutMillis: 1 } };
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
