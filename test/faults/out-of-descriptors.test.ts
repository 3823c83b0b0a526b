import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { describe, expect, it, onTestFinished } from "vitest";

import { builtPackage } from "../package/built-package.js";
import { startFaultServer } from "./kit.js";
import { withThread } from "./sender-thread.js";

const PROGRAM = fileURLToPath(new URL("./app/out-of-descriptors.mjs", import.meta.url));

// Node itself and the modules that load in parallel need some of them.
const DESCRIPTORS = 600;

async function run(format: "cjs" | "esm", options: object): Promise<object> {
  const entry = join(builtPackage(), "dist", format === "esm" ? "index.js" : "index.cjs");
  const { stdout } = await promisify(execFile)(
    "sh",
    ["-c", `ulimit -n ${DESCRIPTORS} && exec "$0" "$1"`, process.execPath, PROGRAM],
    {
      env: {
        FORMAT: format,
        ENTRY: format === "esm" ? pathToFileURL(entry).href : entry,
        OPTIONS: JSON.stringify(withThread(options)),
      },
    },
  );
  return JSON.parse(stdout) as object;
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "descriptors-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe("descriptors that are used up at the first send", () => {
  it.each([
    ["esm", "without a spool"],
    ["cjs", "without a spool"],
    ["esm", "with a spool"],
    ["cjs", "with a spool"],
  ] as const)(
    "delay what was captured meanwhile, and lose nothing (%s, %s)",
    async (format, kind) => {
      const server = await startFaultServer();
      const spool =
        kind === "with a spool" ? { spool: { directory: await temporaryDirectory() } } : {};
      const outcome = await run(format, { dsn: server.dsn, ...spool });
      expect(outcome).toMatchObject({ isFlushed: true, captured: 60, sent: 60, dropped: {} });
      expect((await server.report()).events).toMatchObject({ unique: 60, duplicates: 0 });
    },
  );
});
