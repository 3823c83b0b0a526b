import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { builtPackage, compileCache } from "../package/built-package.js";

/** A fixture that runs on the built package in a process of its own. */
export interface FixtureProcess {
  /** The next message that it sends. Rejects when it ends without one. */
  next<T>(): Promise<T>;
  send(message: string): void;
  /** Resolves when it has ended; by itself, or by force. */
  stop(): Promise<void>;
}

/** Starts `fixtures/<name>`. */
export async function startFixture(
  name: string,
  {
    env = {},
    execArgv = [],
  }: { env?: Readonly<Record<string, string>>; execArgv?: readonly string[] } = {},
): Promise<FixtureProcess> {
  const entry = join(builtPackage(), "dist/index.js");
  const child = fork(join(import.meta.dirname, "fixtures", name), {
    execArgv: [...compileCache(), ...execArgv],
    env: { ...plainEnv(), ...env, BRIDGE: pathToFileURL(entry).href },
    serialization: "advanced",
  });
  const exited = once(child, "exit");
  return {
    next: <T>() => nextMessage(child) as Promise<T>,
    send: (message) => void child.send(message),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill();
      await exited;
    },
  };
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void =>
      reject(new Error(`the fixture ended with ${code}`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message);
    });
  });
}

// What a developer's shell sets must not reach the fixtures.
function plainEnv(): NodeJS.ProcessEnv {
  const telemetry = /^(?:SENTRY_|OTEL_|NODE_OPTIONS)/u;
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !telemetry.test(key)));
}
