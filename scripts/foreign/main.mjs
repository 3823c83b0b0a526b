// Checks with Sentry's own local tools what this package sends: `npm run foreign [-- --write]`. `sentry local run` must receive
// a trace, an error and a log, and Spotlight's page must show the demo's spans and their nesting; `--write` writes a picture
// of that page, docs/spotlight.png. No account is needed. Installs the tools from the npm registry; the page needs Chromium
// (/usr/bin/chromium, or its path in CHROMIUM).
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { freePort } from "../support/free-port.mjs";
import { checkPage } from "./spotlight-page.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const MANIFEST = {
  name: "foreign",
  private: true,
  dependencies: { "@spotlightjs/spotlight": "4.11.8", sentry: "0.49.0" },
  // With 4.13, Spotlight 4.11.8 answers every request with an error.
  overrides: { hono: "4.12.25" },
};
const versions = Object.values(MANIFEST.dependencies).join("-");
const directory = join(root, "node_modules/.cache", `foreign-${versions}`);
const bin = (name) => join(directory, "node_modules/.bin", name);

function install() {
  if (existsSync(join(directory, "node_modules/.package-lock.json"))) return;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), JSON.stringify(MANIFEST));
  execFileSync("npm", ["install", "--no-audit", "--no-fund"], { cwd: directory, stdio: "inherit" });
}

/** Runs the application in `sentry local run`, with a home of its own, so that no account of this machine is used. */
async function local(...options) {
  const application = [process.execPath, "scripts/foreign/application.mjs"];
  const args = ["local", "run", "--port", await freePort(), ...options, "--", ...application];
  const env = { PATH: process.env.PATH, HOME: directory };
  return await promisify(execFile)(bin("sentry"), args, { cwd: root, env, timeout: 120_000 });
}

async function checkLocal() {
  const { stderr } = await local("--verify");
  assert.match(stderr, /Setup verified/);
  const { stdout } = await local("--format", "json");
  const seen = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .map(({ type, label, message, status, span_count: spans }) =>
      [type, label ?? message, status, spans].filter((part) => part !== undefined).join(" "),
    );
  assert.deepEqual(seen.toSorted(), [
    "error the card was refused",
    "log paid",
    "transaction checkout internal_error 1",
  ]);
  console.log("sentry local run: setup verified; a transaction, an error and a log arrived");
}

async function checkSpotlight(picture) {
  const port = await freePort();
  const args = ["server", "--port", port];
  const spotlight = spawn(bin("spotlight"), args, { stdio: ["ignore", "pipe", "pipe"] });
  try {
    for await (const line of spotlight.stderr) if (String(line).includes("listening")) break;
    const dsn = `http://spotlight@127.0.0.1:${port}/1`;
    const demo = ["examples/shop/main.mjs", "--requests", "2", "--dsn", dsn];
    await promisify(execFile)(process.execPath, demo, { cwd: root });
    const spans = await checkPage(`http://localhost:${port}/`, picture);
    console.log(`Spotlight: the page shows ${spans} spans of one trace, nested as they were`);
  } finally {
    spotlight.kill("SIGTERM");
  }
}

install();
await checkLocal();
await checkSpotlight(
  process.argv.includes("--write") ? join(root, "docs/spotlight.png") : undefined,
);
