import { describe, expect, it } from "vitest";

import { accountingOf, expectAccounted } from "./accounted.js";
import { startApp } from "./app.js";
import { startFaultServer } from "./kit.js";

describe("an application in a process of its own", () => {
  it("captures and delivers errors and transactions", async () => {
    const server = await startFaultServer();
    const app = await startApp({ dsn: server.dsn });
    await app.captureErrors(10);
    await app.captureTransactions(10);
    expect(await app.flush(5000)).toBe(true);
    const captured = { error: 10, transaction: 10, span: 20 };
    await expectAccounted(accountingOf(await app.stats(), captured), server);
    expect((await server.report()).processed).toEqual(captured);
    expect(await app.end("runOut")).toMatchObject({ exitCode: 0, signal: null, stderr: "" });
  });

  it.each([
    ["exit", 7, { exitCode: 7, signal: null }],
    ["crash", undefined, { exitCode: 1, signal: null }],
    ["reject", undefined, { exitCode: 1, signal: null }],
    ["abort", undefined, { exitCode: null, signal: "SIGABRT" }],
  ] as const)("ends by %s", async (ending, code, end) => {
    const server = await startFaultServer();
    const app = await startApp({ dsn: server.dsn });
    const last = code === undefined ? {} : { exitCode: code };
    expect(await app.end(ending, last)).toMatchObject(end);
  });

  it.each(["SIGTERM", "SIGKILL"] as const)("ends by %s", async (signal) => {
    const server = await startFaultServer();
    const app = await startApp({ dsn: server.dsn });
    expect(await app.kill(signal)).toMatchObject({ exitCode: null, signal });
  });
});
