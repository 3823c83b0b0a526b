import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { expect, onTestFinished } from "vitest";

import type { ReceivedError } from "../../src/testing/received.js";
import { startIngestServer } from "../../src/testing/testing.js";
import type { IngestServer } from "../../src/testing/testing.js";
import { builtPackage, compileCache } from "../package/built-package.js";
import { bundledSdk } from "../package/bundled-sdk.js";

const PROGRAM = fileURLToPath(new URL("./fixtures/uncaught.mjs", import.meta.url));

/** How an application fails, and what it has of its own. */
export interface Plan {
  readonly failure: string;
  /** Listeners of its own. */
  readonly handlers?: readonly string[];
  /** It fails within a span. */
  readonly isTraced?: boolean;
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
  const { execArgv = [], shutdownTimeoutMillis = 60_000, ...rest } = plan;
  const options = server && { dsn: server.dsn, shutdownTimeoutMillis };
  const text = JSON.stringify({ ...rest, options });
  entry ??= pathToFileURL(join(builtPackage(), "dist/index.js")).href;
  const env = { PLAN: text, BRIDGE: entry, SDK: bundledSdk() };
  return endOf([...compileCache(), ...execArgv, PROGRAM], env);
}

/** A module with a line that creates a client where it has a DSN, between these lines. */
export interface FailingModule {
  readonly extension: "cjs" | "mjs";
  readonly before: string;
  readonly after: string;
  readonly isWorker: boolean;
}

/** The ends of the same module without a client and with one, on the main thread or in a worker. */
export async function runModule(plan: FailingModule): Promise<Both> {
  const { extension, before, after, isWorker } = plan;
  const directory = mkdtempSync(join(tmpdir(), "uncaught-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, `failing.${extension}`);
  writeFileSync(file, [before, CLIENT[extension], after].join("\n"));
  const args = isWorker ? ["-e", WORKER, file] : [file];
  const bridge = join(builtPackage(), "dist", extension === "mjs" ? "index.js" : "index.cjs");
  const server = await startServer();
  const env = { BRIDGE: bridge, DSN: server.dsn };
  const [plain, ours] = await Promise.all([endOf(args, {}), endOf(args, env)]);
  return { plain, ours, events: server.errors() };
}

const CREATED = "?.createClient({ dsn: process.env.DSN, captureUncaught: true });";
// A stack shows if its module has waited, so a module without a client waits as well.
const CLIENT = {
  cjs: `(process.env.DSN ? require(process.env.BRIDGE) : undefined)${CREATED}`,
  mjs: `(await (process.env.DSN ? import(process.env.BRIDGE) : undefined))${CREATED}`,
};

// What a worker fails by is an event of the thread that started it.
const WORKER = `
  const worker = new (require("node:worker_threads").Worker)(process.argv[1]);
  worker.on("error", (error) => console.log("error", error.message));
  worker.on("exit", (code) => console.log("worker", code));
`;

function endOf(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ending> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
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

// Node prints the file, the source line and a mark above an uncaught error; not above one that is thrown a second time.
const SOURCE = /^(?:\n?(?:\/|file:|node:|\[eval\]).*:\d+\n.*\n *\^+\n\n?)?$/;

// How Node calls listeners depends on their number.
function comparable(stderr: string): string {
  return stderr.replaceAll(/node:events:\d+:\d+/g, "node:events");
}

/** The exit code, standard error without the source line, and what the application said are those of Node. */
export function expectSameEnd({ plain, ours }: Pick<Both, "ours" | "plain">): void {
  expect([ours.exitCode, ours.said]).toEqual([plain.exitCode, plain.said]);
  const [expected, actual] = [comparable(plain.stderr), comparable(ours.stderr)];
  const source = expected.slice(0, expected.length - actual.length);
  expect(source + actual).toBe(expected);
  expect(source).toMatch(SOURCE);
}

/** Level and message of each event. */
export function textsOf(events: readonly ReceivedError[]): unknown[] {
  return events.map(({ level, exception }) => [level, exception?.values.at(-1)?.value]);
}

/** What `undefined.property` says. */
export const NO_PROPERTY = "Cannot read properties of undefined (reading 'property')";
