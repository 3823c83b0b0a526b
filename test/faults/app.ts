import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { onTestFinished } from "vitest";

import type { ClientOptions, ClientStats } from "../../src/index.js";
import { builtPackage } from "../package/built-package.js";

/** How a process ended. */
export interface AppEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** From the call that ended it. */
  readonly millis: number;
}

/** How an application ends itself. */
export type AppEnding = "abort" | "crash" | "exit" | "reject" | "runOut";

/** An application on the built package, in a process of its own. */
export interface App {
  readonly pid: number;
  captureErrors(count: number): Promise<void>;
  /** Each has a root and a child. */
  captureTransactions(count: number): Promise<void>;
  stats(): Promise<ClientStats>;
  flush(timeoutMillis?: number): Promise<boolean>;
  close(timeoutMillis?: number): Promise<boolean>;
  /** Keeps its event loop busy; resolves after that. */
  block(millis: number): Promise<void>;
  /** Tells it to end; `runOut` lets it end by itself, when nothing is left to do. */
  end(ending: AppEnding, exitCode?: number): Promise<AppEnd>;
  /** Sends it a signal and waits for its end. */
  kill(signal: NodeJS.Signals): Promise<AppEnd>;
}

const PROGRAM = fileURLToPath(new URL("./app/capture.mjs", import.meta.url));

/** Starts an application with a client of these options (as JSON), for the length of the test. */
export async function startApp(options: ClientOptions): Promise<App> {
  const entry = join(builtPackage(), "dist/esm/index.js");
  const child = fork(PROGRAM, {
    execArgv: [],
    env: { BRIDGE: pathToFileURL(entry).href, OPTIONS: JSON.stringify(options) },
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = endOf(child);
  const call = callsTo(child);
  await call.ready;
  const endBy = async (act: () => void): Promise<AppEnd> => {
    const start = performance.now();
    act();
    return { ...(await ended), millis: performance.now() - start };
  };
  return {
    pid: child.pid ?? 0,
    captureErrors: (count) => call.call("captureErrors", count),
    captureTransactions: (count) => call.call("captureTransactions", count),
    stats: () => call.call("stats"),
    flush: (millis) => call.call("flush", millis),
    close: (millis) => call.call("close", millis),
    block: (millis) => call.call("block", millis),
    end: (command, argument) => endBy(() => child.send({ command, argument })),
    kill: (signal) => endBy(() => child.kill(signal)),
  };
}

interface Calls {
  readonly ready: Promise<void>;
  call<T>(command: string, argument?: number): Promise<T>;
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
}

function callsTo(child: ChildProcess): Calls {
  let calls = 0;
  const replyTo = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const onExit = (code: number | null): void =>
        reject(new Error(`the application ended with ${code}`));
      const onMessage = (reply: Reply): void => {
        if (reply.id !== id) return;
        child.off("exit", onExit).off("message", onMessage);
        resolve(reply.result);
      };
      child.on("exit", onExit).on("message", onMessage);
    });
  return {
    ready: replyTo(0) as Promise<void>,
    call<T>(command: string, argument?: number) {
      const id = (calls += 1);
      child.send({ id, command, argument });
      return replyTo(id) as Promise<T>;
    },
  };
}

function endOf(child: ChildProcess): Promise<Omit<AppEnd, "millis">> {
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal, stderr }));
  });
}
