// Builds and runs `examples/next`, installed by the command of its README, with the set-ups of docs/nextjs.md, taken literally
// from the page, and compares what arrives. The first set-up is that of the example. `npm run next -- 15 16`; takes about a
// minute for each version, so it is no part of the tests. `npm run check` does it with the newest one.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { errorsOf, startIngestServer, transactionsOf } from "../../dist/testing.js";
import { freePort } from "../support/free-port.mjs";
import { installExample } from "../support/install-example.mjs";
import { ERRORS, PATHS, TRANSACTIONS } from "./application.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const example = join(root, "examples/next");
const SET_UP_FILE = "src/instrumentation.ts";
const page = readFileSync(join(root, "docs/nextjs.md"), "utf8");
const SET_UPS = [...page.matchAll(/```ts\n(\/\/ \S*instrumentation\.ts\n.*?)```/gs)].map(
  ([, text]) => text,
);
assert.equal(SET_UPS.length, 2, "docs/nextjs.md has two set-ups");
assert.equal(readFileSync(join(example, SET_UP_FILE), "utf8"), SET_UPS[0]);

const START_MILLIS = 60_000;
const ARRIVAL_MILLIS = 15_000;

function run(directory, [file, ...args]) {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  execFileSync(file, args, { cwd: directory, stdio: ["ignore", "ignore", "inherit"], env });
}

async function waitFor(condition, millis) {
  for (let waited = 0; !condition() && waited < millis; waited += 100) await delay(100);
}

/** Runs the application and returns what has arrived. */
async function serve(directory) {
  const ingest = await startIngestServer();
  const port = await freePort();
  const child = spawn(process.execPath, ["node_modules/next/dist/bin/next", "start", "-p", port], {
    cwd: directory,
    env: { ...process.env, SENTRY_DSN: ingest.dsn, NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  await waitFor(() => output.includes("Ready in"), START_MILLIS);
  for (const path of PATHS) await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const isComplete = () => requests(ingest).length >= TRANSACTIONS.length;
  await waitFor(isComplete, ARRIVAL_MILLIS);
  // What should not come would come now.
  await delay(2000);
  child.kill("SIGKILL");
  await once(child, "exit");
  await ingest.close();
  assert.ok(!output.includes("otel-sentry-bridge:"), output);
  return { ingest, errors: errorsOf(ingest.envelopes) };
}

function requests(ingest) {
  return transactionsOf(ingest.envelopes).filter(
    ({ contexts }) =>
      contexts.trace.op === "http.server" && contexts.trace.data?.["next.bubble"] !== true,
  );
}

function check({ ingest, errors }) {
  assert.deepEqual(
    requests(ingest)
      .map(({ transaction }) => transaction)
      .toSorted(),
    TRANSACTIONS,
  );
  const values = errors.map(({ exception }) => exception.values.at(-1));
  assert.deepEqual(values.map(({ value }) => value).toSorted(), ERRORS);
  assert.ok(values.every(({ stacktrace }) => stacktrace.frames.length > 0));
  const failed = errors.find(({ exception }) => exception.values[0].value === "component failed");
  assert.deepEqual(failed.user, { id: "anna" });
  assert.deepEqual(ingest.refusals, []);
}

// Seconds since the last call.
let last = Date.now();
function elapsed(what) {
  const seconds = (Date.now() - last) / 1000;
  last = Date.now();
  return `${what} ${seconds.toFixed(0)} s`;
}

const versions = process.argv.length > 2 ? process.argv.slice(2) : ["15", "16"];
for (const version of versions) {
  const directory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-next-"));
  try {
    // The second set-up needs one package more.
    installExample(example, directory, {
      versions: { next: `next@${version}` },
      more: ["@opentelemetry/sdk-node"],
    });
    const manifest = readFileSync(join(directory, "node_modules/next/package.json"), "utf8");
    console.log(`Next.js ${JSON.parse(manifest).version}: ${elapsed("installed in")}`);
    for (const [index, text] of SET_UPS.entries()) {
      writeFileSync(join(directory, SET_UP_FILE), text);
      run(directory, ["npx", "next", "build"]);
      const built = elapsed("built in");
      check(await serve(directory));
      console.log(`  set-up ${index + 1}: as expected (${built}, ${elapsed("run in")})`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
