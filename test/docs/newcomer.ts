import { execFile, spawn } from "node:child_process";
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { temporaryRoot } from "../temporary-root.js";

/** Node versions to run on: `NODE_BINARIES=/path/to/node20:/path/to/node24`, else that of the tests. */
export const NODE_BINARIES: readonly string[] = process.env["NODE_BINARIES"]?.split(delimiter) ?? [
  process.execPath,
];

/** An empty folder of somebody who follows the documentation. */
export interface NewcomerFolder {
  readonly directory: string;
  write(file: string, text: string): void;
  /** Runs a shell command to its end; rejects if it fails. */
  run(command: string, env?: Readonly<Record<string, string>>): Promise<string>;
  /** Starts a shell command; the process that it becomes gets the signals. */
  start(command: string, env?: Readonly<Record<string, string>>): RunningCommand;
  remove(): void;
}

/** A command that was started. */
export interface RunningCommand {
  /** Resolves with the output as soon as it matches; rejects when the command ends without it. */
  output(pattern: RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  readonly end: Promise<CommandEnd>;
}

/** How a command ended. */
export interface CommandEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

// Two installations, of 90 MB each, with room for others. npm writes twelve thousand files: in memory that takes 3 s of system time,
// on a disk up to 15 s.
const NEEDED_BYTES = 1_000_000_000;

/** Makes an empty folder in which `node` is the given binary. */
export function newcomerFolder(nodeBinary: string = process.execPath): NewcomerFolder {
  const folder = mkdtempSync(join(temporaryRoot(NEEDED_BYTES), "otel-sentry-bridge-newcomer-"));
  const directory = join(folder, "app");
  mkdirSync(directory);
  mkdirSync(join(folder, "bin"));
  symlinkSync(nodeBinary, join(folder, "bin/node"));
  const path = [join(folder, "bin"), process.env["PATH"]].join(delimiter);
  const options = (env: Readonly<Record<string, string>> = {}) => ({
    cwd: directory,
    env: { ...shellEnv(), PATH: path, ...env },
  });
  return {
    directory,
    write: (file, text) => writeFileSync(join(directory, file), text),
    async run(command, env) {
      const { stdout } = await promisify(execFile)("sh", ["-ec", command], options(env));
      return stdout;
    },
    start: (command, env) => startCommand(command, options(env)),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

// Registries may need the certificates or the proxy that the shell names; what sets telemetry up must not get through.
function shellEnv(): NodeJS.ProcessEnv {
  const isTelemetry = /^(?:SENTRY_|OTEL_|NODE_OPTIONS|NODE_ENV|VITEST)/;
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !isTelemetry.test(name)),
  );
}

/** Starts a shell command, which may begin with variables; the process that it becomes gets the signals. */
export function startCommand(command: string, options: SpawnOptions): RunningCommand {
  return running(spawn("sh", ["-c", `exec env ${command}`], options));
}

function running(child: ChildProcess): RunningCommand {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const end = once(child, "close").then(([exitCode, signal]): CommandEnd => ({
    exitCode: exitCode as number | null,
    signal: signal as NodeJS.Signals | null,
    stderr,
  }));
  return {
    end,
    kill: (signal) => void child.kill(signal),
    output: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(stdout)) resolve(stdout);
        };
        child.stdout?.on("data", look);
        child.once("close", () =>
          reject(new Error(`ended without ${pattern}: ${stdout}${stderr}`)),
        );
        look();
      }),
  };
}
