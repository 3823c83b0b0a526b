import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { onTestFinished } from "vitest";

import type { ClientOptions, ClientStats } from "../../src/index.js";
import { withThread } from "./sender-thread.js";
import { builtPackage, compileCache } from "../package/built-package.js";
import { bundledSdk } from "../package/bundled-sdk.js";

/** How a process ended. */
export interface AppEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** From the call that ended it, by the wall clock: for lower bounds, and for bounds of a minute. */
  readonly millis: number;
  /** The longest timer that it waited for; undefined where a signal ended it. */
  readonly longestTimerMillis: number | undefined;
  /** How long it waited for timers in all; undefined where a signal ended it. */
  readonly timersMillis: number | undefined;
  /** What its client said at the end; undefined where a signal ended it. */
  readonly stats: ClientStats | undefined;
}

/** How an application ends itself; by the signals in the turn in which it captures. */
export type AppEnding =
  | "abort"
  | "crash"
  | "exit"
  | "outOfMemory"
  | "reject"
  | "runOut"
  | "sigint"
  | "sigterm";

/** What an application is told with the word to end. */
export interface LastWords {
  readonly exitCode?: number;
  /** Captured in the turn in which it ends, so that nothing of it has been sent. */
  readonly transactions?: number;
  readonly errors?: number;
  /** How long its event loop is busy before it ends. */
  readonly blockMillis?: number;
}

/** What an application has of its own. */
export interface AppSetup {
  /** All timers go so much faster. */
  readonly timerFactor?: number;
  /** A handler that leads to exit code 3: at once, after `client.close()`, or by running out of work. */
  readonly onSigterm?: "close" | "exit" | "runOut" | "runOutOnce";
  /** Closes the client at an uncaught exception, then exits with 1. */
  readonly closesOnCrash?: boolean;
  /** Captures an error at each `beforeExit`. */
  readonly capturesBeforeExit?: boolean;
  /** Writes the client's warnings to its standard error. */
  readonly warns?: boolean;
  /** How the sender thread is broken, by `app/break-thread.cjs`. Any other text breaks nothing. */
  readonly breaksThread?: string;
  /** Of Node.js. */
  readonly execArgv?: readonly string[];
}

/** An application on the built package, in a process of its own. */
export interface App {
  readonly pid: number;
  captureErrors(count: number): Promise<void>;
  /** Of about half a megabyte each. */
  captureLongErrors(count: number): Promise<void>;
  /** Each has a root and a child. */
  captureTransactions(count: number): Promise<void>;
  stats(): Promise<ClientStats>;
  flush(timeoutMillis?: number): Promise<boolean>;
  close(timeoutMillis?: number): Promise<boolean>;
  /** Keeps its event loop busy; resolves after that. */
  block(millis: number): Promise<void>;
  /** Ends its sender thread. Needs `breaksThread`. */
  endThread(): Promise<void>;
  /** Returns the options with which its sender thread was started. Needs `breaksThread`. */
  threadOptions(): Promise<unknown>;
  /** Goes on with the rights of a user id, where it runs as the superuser. */
  becomeUser(id: number): Promise<void>;
  /** Tells it to end; `runOut` lets it end by itself, when nothing is left to do. */
  end(ending: AppEnding, last?: LastWords): Promise<AppEnd>;
  /** Sends it a signal and waits for its end. */
  kill(signal: NodeJS.Signals): Promise<AppEnd>;
}

const PROGRAM = fileURLToPath(new URL("./app/capture.mjs", import.meta.url));

const BREAK_THREAD = fileURLToPath(new URL("./app/break-thread.cjs", import.meta.url));

/** Starts an application with a client of these options (as JSON), for the length of the test. */
export async function startApp(options: ClientOptions, setup: AppSetup = {}): Promise<App> {
  const entry = join(builtPackage(), "dist/index.js");
  const child = fork(PROGRAM, {
    execArgv: [
      ...compileCache(),
      ...(setup.breaksThread === undefined ? [] : ["--require", BREAK_THREAD]),
      ...(setup.execArgv ?? []),
    ],
    env: {
      BRIDGE: pathToFileURL(entry).href,
      SDK: bundledSdk(),
      OPTIONS: JSON.stringify(withThread(options)),
      SETUP: JSON.stringify(setup),
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
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
    captureLongErrors: (count) => call.call("captureLongErrors", count),
    captureTransactions: (count) => call.call("captureTransactions", count),
    stats: () => call.call("stats"),
    flush: (millis) => call.call("flush", millis),
    close: (millis) => call.call("close", millis),
    block: (millis) => call.call("block", millis),
    endThread: () => call.call("endThread"),
    threadOptions: () => call.call("threadOptions"),
    becomeUser: (id) => call.call("becomeUser", id),
    end: (command, { exitCode: argument, ...captured } = {}) =>
      endBy(() => child.send({ command, argument, captured })),
    kill: (signal) => endBy(() => child.kill(signal)),
  };
}

interface LastReport {
  readonly stats: ClientStats;
  readonly longestTimerMillis: number;
  readonly timersMillis: number;
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
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.on("close", (exitCode, signal) => {
      const last = stdout === "" ? undefined : (JSON.parse(stdout) as LastReport);
      const { stats, longestTimerMillis, timersMillis } = last ?? {};
      resolve({ exitCode, signal, stderr, stats, longestTimerMillis, timersMillis });
    });
  });
}
