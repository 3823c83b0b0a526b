import { fork } from "node:child_process";
import type { Serializable } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

import { expect, onTestFinished } from "vitest";

import { builtPackage } from "../package/built-package.js";

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
  const entry = join(builtPackage(), "dist/index.js");
  const child = fork(join(import.meta.dirname, "fixtures", name), {
    execArgv: [],
    env: { BRIDGE: pathToFileURL(entry).href, ...env },
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
