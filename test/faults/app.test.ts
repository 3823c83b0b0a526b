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

  it("ends by abort", async () => {
    const server = await startFaultServer();
    const app = await startApp({ dsn: server.dsn });
    expect(await app.end("abort")).toMatchObject({ exitCode: null, signal: "SIGABRT" });
  });

  it("ends by SIGKILL", async () => {
    const server = await startFaultServer();
    const app = await startApp({ dsn: server.dsn });
    expect(await app.kill("SIGKILL")).toMatchObject({ exitCode: null, signal: "SIGKILL" });
  });
});
