// Runs an application per stock instrumentation, 100 units at once with a user each, on both lines of OpenTelemetry's SDK:
// `npm run test:corpus [-- APP ...]`. Compares what arrived with `golden/`; `--write` writes those files.
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  cpSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { installNodes, npm } from "../../scripts/matrix/nodes.mjs";
import { describeArrivals } from "./arrivals.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = import.meta.dirname;
const cache = join(root, "node_modules/.cache/corpus");
const { startIngestServer } = await import(join(root, "dist/testing.js"));

const LINES = ["sdk-2", "sdk-3"];
const TIMEOUT_MILLIS = 60_000;

/** Installs a line's packages, unless the same are installed already, and returns a directory with the applications. */
function install(line) {
  const lock = readFileSync(join(here, line, "package-lock.json"));
  const key = createHash("sha256").update(lock).digest("hex").slice(0, 12);
  const directory = join(cache, `${line}-${key}`);
  if (!existsSync(join(directory, "node_modules/.package-lock.json"))) {
    mkdirSync(directory, { recursive: true });
    for (const file of ["package.json", "package-lock.json"])
      cpSync(join(here, line, file), join(directory, file));
    npm(directory, "ci", "--ignore-scripts");
  }
  for (const name of ["apps", "kit.mjs", "instrumentation.mjs", "function.cjs"]) {
    rmSync(join(directory, name), { recursive: true, force: true });
    cpSync(join(here, name), join(directory, name), { recursive: true });
  }
  const own = join(directory, "node_modules/otel-sentry-bridge");
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own);
  cpSync(join(root, "package.json"), join(own, "package.json"));
  // A copy: what it imports must be the line's own API.
  cpSync(join(root, "dist"), join(own, "dist"), { recursive: true });
  // Instrumentations know a module by its directory: the older one is installed under another name.
  const older = join(directory, "express-4");
  rmSync(older, { recursive: true, force: true });
  cpSync(join(directory, "node_modules/express-4"), join(older, "node_modules/express"), {
    recursive: true,
  });
  cpSync(join(here, "apps/express-4.mjs"), join(older, "express-4.mjs"));
  return directory;
}

const fileOf = (app) => (app === "express-4" ? `${app}/${app}.mjs` : `apps/${app}.mjs`);

/** Runs an application to its end, and returns what it sent and printed. */
async function run(app, { node, directory }) {
  const server = await startIngestServer();
  const child = spawn(node, ["--import", "./instrumentation.mjs", fileOf(app)], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      SENTRY_DSN: server.dsn,
      SENTRY_RELEASE: "corpus@1",
      _HANDLER: "function.handler",
      LAMBDA_TASK_ROOT: directory,
    },
    timeout: TIMEOUT_MILLIS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => (output += chunk));
  const exitCode = await new Promise((resolve) => child.once("close", resolve));
  const arrivals = describeArrivals(server);
  await server.close();
  // A library that complains is not a fault; this package is.
  const complaints = output.match(/^otel-sentry-bridge:.*$/gm) ?? [];
  if (exitCode !== 0) complaints.push(`exit code ${exitCode}: ${output.slice(-2000)}`);
  return [...arrivals, ...complaints];
}

function goldenOf(app, line) {
  const own = join(here, "golden", `${app}.${line}.txt`);
  return existsSync(own) ? own : join(here, "golden", `${app}.txt`);
}

function isRight(app, line, arrivals) {
  const text = `${arrivals.join("\n")}\n`;
  const golden = goldenOf(app, line);
  const known = existsSync(golden) ? readFileSync(golden, "utf8") : "";
  if (text === known) return true;
  if (process.argv.includes("--write")) {
    const isFirst = line === LINES[0];
    writeFileSync(join(here, "golden", isFirst ? `${app}.txt` : `${app}.${line}.txt`), text);
    return true;
  }
  const [expected, received] = [known.split("\n"), text.split("\n")];
  for (const one of expected.filter((entry) => !received.includes(entry)))
    console.error(`- ${one}`);
  for (const one of received.filter((entry) => !expected.includes(entry)))
    console.error(`+ ${one}`);
  return false;
}

/** Tells whether the program that an application names is installed; says so if not. */
function hasWhatItNeeds(app) {
  const text = readFileSync(join(here, "apps", `${app}.mjs`), "utf8");
  const program = /^\/\/ needs: (.*)$/m.exec(text)?.[1];
  const isThere = program === undefined || spawnSync(program, ["--version"]).error === undefined;
  if (!isThere) console.log(`NOT RUN ${app}: there is no ${program}`);
  return isThere;
}

const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const apps = readdirSync(join(here, "apps"))
  .map((file) => file.replace(/\.mjs$/, ""))
  .filter((app) => chosen.length === 0 || chosen.includes(app))
  .filter(hasWhatItNeeds);

mkdirSync(join(cache, "node"), { recursive: true });
const [newer] = installNodes(join(cache, "node"), ["24"]);
for (const line of LINES) {
  const node = line === "sdk-2" ? process.execPath : newer;
  const directory = install(line);
  const queue = [...apps];
  const worker = async () => {
    for (let app = queue.shift(); app !== undefined; app = queue.shift()) {
      const isOk = isRight(app, line, await run(app, { node, directory }));
      console.log(`${isOk ? "ok    " : "FAILED"} ${line} ${app}`);
      if (!isOk) process.exitCode = 1;
    }
  };
  await Promise.all([worker(), worker()]);
}
