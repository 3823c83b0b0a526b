import { fork } from "node:child_process";
import type { Serializable } from "node:child_process";
import { once } from "node:events";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, expect, onTestFinished } from "vitest";

import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";

const FIXTURES = join(import.meta.dirname, "fixtures");

const INSTALLED = [
  "@opentelemetry/api",
  "@opentelemetry/context-async-hooks",
  "@opentelemetry/core",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-http",
  "@opentelemetry/instrumentation-undici",
  "@opentelemetry/sdk-trace-base",
  "@sentry/node",
];

let shared: Application | undefined;

afterAll(() => {
  shared?.remove();
  shared = undefined;
});

/** The application that all processes of a test file run. */
function application(): Application {
  if (shared !== undefined) return shared;
  shared = installApplication(INSTALLED);
  cpSync(FIXTURES, shared.directory, { recursive: true });
  return shared;
}

/** A program on the built package. */
export interface ServiceProcess {
  send(message: Serializable): void;
  /** Its next message. Rejects when it ends without one. */
  next<T>(): Promise<T>;
  /** Waits until it has ended by itself, without an error and a word about one. */
  ended(): Promise<void>;
  /** Leaves it with nothing more to wait for, and waits for its end. */
  disconnect(): Promise<void>;
}

/** Takes a function to be called at the end: `onTestFinished`, unless several tests have the same processes. */
export type AtEnd = (end: () => Promise<void> | void) => void;

/** Starts `fixtures/<name>` for the length of a test, with nothing in its environment but what is given. */
export function startProcess(
  name: string,
  env: Readonly<Record<string, string>>,
  atEnd: AtEnd = onTestFinished,
): ServiceProcess {
  const child = fork(join(application().directory, name), {
    execArgv: [],
    env,
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  atEnd(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const stderr = child.stderr === null ? Promise.resolve("") : text(child.stderr);
  const ended = async (): Promise<void> => {
    expect([name, ...(await exited), await stderr]).toEqual([name, 0, null, ""]);
  };
  return {
    send: (message) => void child.send(message),
    next: <T>() =>
      new Promise<T>((resolve, reject) => {
        const onExit = async (code: number | null): Promise<void> =>
          reject(new Error(`${name} ended with ${code}: ${await stderr}`));
        child.once("exit", onExit);
        child.once("message", (message) => {
          child.off("exit", onExit);
          resolve(message as T);
        });
      }),
    ended,
    disconnect() {
      child.disconnect();
      return ended();
    },
  };
}
