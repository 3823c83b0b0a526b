import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { expect, onTestFinished } from "vitest";

import type { ReceivedError } from "../../src/testing/received.js";
import { startIngestServer } from "../../src/testing/testing.js";
import type { IngestServer } from "../../src/testing/testing.js";
import { builtPackage } from "../package/built-package.js";

const PROGRAM = fileURLToPath(new URL("./fixtures/uncaught.mjs", import.meta.url));

/** How an application fails, and what it has of its own. */
export interface Plan {
  readonly failure: string;
  /** Listeners of its own. */
  readonly handlers?: readonly string[];
  /** It has a second client, of the package's other build. */
  readonly hasOtherCopy?: boolean;
  readonly execArgv?: readonly string[];
  readonly shutdownTimeoutMillis?: number;
}

/** How it ended. */
export interface Ending {
  readonly exitCode: number | null;
  readonly stderr: string;
  /** What the application said. */
  readonly said: readonly string[];
  readonly traceId: string | undefined;
  readonly millis: number;
}

/** An ingest server for the length of the test. */
export async function startServer(): Promise<IngestServer> {
  const server = await startIngestServer();
  onTestFinished(() => server.close());
  return server;
}

let entry: string | undefined;

/** The end of the application, with a client of that server or without one. */
export function run(plan: Plan, server?: IngestServer): Promise<Ending> {
  const { execArgv = [], shutdownTimeoutMillis = 2000, ...rest } = plan;
  const options = server && { dsn: server.dsn, shutdownTimeoutMillis };
  const text = JSON.stringify({ ...rest, options });
  entry ??= pathToFileURL(join(builtPackage(), "dist/index.js")).href;
  const start = performance.now();
  const child = spawn(process.execPath, [...execArgv, PROGRAM], {
    env: { PLAN: text, BRIDGE: entry },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.on("close", (exitCode) => {
      const lines = output.stdout.split("\n").filter((line) => line !== "");
      const said = lines.filter((line) => !line.startsWith("trace "));
      const traceId = lines.find((line) => line.startsWith("trace "))?.slice("trace ".length);
      // Warnings name the process.
      const stderr = output.stderr.replaceAll(/\(node:\d+\)/g, "(node)");
      resolve({ exitCode, stderr, said, traceId, millis: performance.now() - start });
    });
  });
}

/** Two ends of the same application, and what was reported. */
export interface Both {
  readonly plain: Ending;
  readonly ours: Ending;
  readonly events: readonly ReceivedError[];
}

/** The ends of the same application without a client and with one. */
export async function runBoth(plan: Plan, server?: IngestServer): Promise<Both> {
  const actual = server ?? (await startServer());
  const [plain, ours] = await Promise.all([run(plan), run(plan, actual)]);
  return { plain, ours, events: actual.errors() };
}

// A thrown error is shown with the line that made it, which is mostly the one that threw it: the mark
// below the line may be at `new Error`. How Node calls listeners depends on their number.
function comparable(stderr: string): string {
  return stderr.replace(/\n +\^\n/, "\n^\n").replaceAll(/node:events:\d+:\d+/g, "node:events");
}

/** The same exit code, standard error and words of its own. */
export function expectSameEnd({ plain, ours }: Both): void {
  expect([ours.exitCode, ours.said]).toEqual([plain.exitCode, plain.said]);
  expect(comparable(ours.stderr)).toBe(comparable(plain.stderr));
}

/** The same, without the line of source that stands above the error. */
export function expectSameEndWithoutSource({ plain, ours }: Both): void {
  expect([ours.exitCode, ours.said]).toEqual([plain.exitCode, plain.said]);
  expect(ours.stderr).not.toBe("");
  expect(plain.stderr.endsWith(ours.stderr)).toBe(true);
}

/** Level and message of each event. */
export function textsOf(events: readonly ReceivedError[]): unknown[] {
  return events.map(({ level, exception }) => [level, exception?.values.at(-1)?.value]);
}

/** What `undefined.property` says. */
export const NO_PROPERTY = "Cannot read properties of undefined (reading 'property')";
