import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { describe, expect, it, onTestFinished } from "vitest";

import { builtPackage, compileCache } from "../package/built-package.js";
import { startServer } from "../setup/uncaught-kit.js";

const PROGRAM = fileURLToPath(new URL("../setup/fixtures/hook-at-end.mjs", import.meta.url));

interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  /** Counts of errors at `exit`; undefined where a signal ended the process. */
  readonly errors: unknown;
  readonly sent: number;
  readonly stderr: string;
}

async function run(plan: { end: string; hookMillis: number | null }): Promise<Ending> {
  const server = await startServer();
  const entry = pathToFileURL(join(builtPackage(), "dist/index.js")).href;
  const child = spawn(process.execPath, [...compileCache(), PROGRAM], {
    env: { PLAN: JSON.stringify(plan), BRIDGE: entry, DSN: server.dsn },
    stdio: "pipe",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on("close", (...end) => resolve(end));
  });
  const errors: unknown = stdout === "" ? undefined : JSON.parse(stdout);
  return { code, signal, errors, sent: server.errors().length, stderr };
}

const ONE_SENT = { captured: 1, sent: 1, queued: 0 };

describe("a process that ends while a hook waits", () => {
  it.each([
    ["by itself", "idle", { code: 0, errors: ONE_SENT }],
    ["by an uncaught error", "throw", { code: 1, errors: ONE_SENT }],
    ["by a signal", "signal", { signal: "SIGTERM", errors: undefined }],
  ])("%s: waits for the hook and sends the event", async (_, end, fate) => {
    const ending = await run({ end, hookMillis: 300 });
    expect(ending).toMatchObject({ ...fate, sent: 1 });
    expect(ending.stderr).not.toContain("Lost");
  });

  it.each([
    ["by itself", "idle", 0],
    ["by an uncaught error", "throw", 1],
  ])(
    "%s: ends in time where the hook never resolves, and the event still counts and is told as lost",
    async (_, end, code) => {
      const ending = await run({ end, hookMillis: null });
      expect(ending).toMatchObject({ code, sent: 0 });
      expect(ending.errors).toMatchObject({ captured: 1, sent: 0, queued: 1 });
      expect(ending.stderr).toContain(
        "Lost: 1 event that waited for an asynchronous hook when the process ended. ",
      );
    },
  );

  it("by process.exit(): tells what is lost", async () => {
    const { stderr, sent } = await run({ end: "exit", hookMillis: 300 });
    expect(sent).toBe(0);
    expect(stderr).toContain("Lost: 1 event that waited for an asynchronous hook");
  });

  it("by an uncaught error during close(): waits for its hook as well", async () => {
    const { code, sent, stderr } = await run({ end: "throw-in-close", hookMillis: 300 });
    expect({ code, sent }).toEqual({ code: 1, sent: 2 });
    expect(stderr).not.toContain("Lost");
  });

  it("after close(), which the hook outlasts: counts the event as dropped, and tells it once", async () => {
    const { stderr, errors } = await run({ end: "close", hookMillis: null });
    expect(errors).toMatchObject({ captured: 1, queued: 0, dropped: { closed: 1 } });
    expect(stderr.match(/Lost: 1 event .* when the client was closed/g)).toHaveLength(1);
  });
});
