import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { expect, it } from "vitest";

import { startIngestServer } from "../../src/testing/testing.js";
import { builtPackage } from "../package/built-package.js";

it.each(["signal-exit", "signal-exit-3"])(
  "a process with `flushOnSignals` and %s flushes, cleans up, and ends by the signal",
  async (version) => {
    const server = await startIngestServer();
    const child = fork(join(import.meta.dirname, "fixtures/signal-exit.cjs"), {
      env: { version, DSN: server.dsn, BRIDGE: join(builtPackage(), "dist/index.cjs") },
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    let output = "";
    child.stdout?.on("data", (chunk) => (output += String(chunk)));
    await once(child, "message");
    child.kill("SIGTERM");

    expect(await once(child, "close")).toEqual([null, "SIGTERM"]);
    expect(output).toBe("cleaned up SIGTERM");
    expect(server.errors()).toMatchObject([{ logentry: { message: "last words" } }]);
    await server.close();
  },
  30_000,
);
