import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { runCli } from "../../src/cli/run-cli.js";
import { setClient } from "../../src/context/global-client.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { SDK_VERSION } from "../../src/version.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { fakeTerminal } from "./fake-terminal.js";

describe("the command line", () => {
  it("tells how it is used, and its version", async () => {
    const terminal = fakeTerminal();

    const codes = [
      await runCli(["--help"], terminal),
      await runCli(["inbox", "-h"], terminal),
      await runCli(["-v"], terminal),
    ];

    expect(codes).toEqual([0, 0, 0]);
    expect(terminal.printed[0]).toContain("Usage: otel-sentry-bridge <command>");
    expect(terminal.printed[1]).toBe(terminal.printed[0]);
    expect(terminal.printed[2]).toBe(SDK_VERSION);
    expect(terminal.complaints).toEqual([]);
  });

  it.each([
    [[], "A command is missing."],
    [["postbox"], "There is no command `postbox`."],
    [["toString"], "There is no command `toString`."],
    [["--port", "1"], "Unknown option '--port'"],
    [["inbox", "--dsn", "x"], "Unknown option '--dsn'"],
    [["inbox", "8970"], "Unexpected argument '8970'"],
    [["inbox", "--port"], "Option '--port <value>' argument missing"],
    [["inbox", "--port", "many"], '--port must be a number from 0 to 65535; got "many"'],
    [["inbox", "--port", "65536"], '--port must be a number from 0 to 65535; got "65536"'],
    [["send-test", "--dsn", "nonsense"], "`dsn` must look like https://"],
  ])("is refused with exit code 2 when it is %j", async (args, complaint) => {
    const terminal = fakeTerminal();

    expect(await runCli(args, terminal)).toBe(2);

    expect(terminal.complaints[0]).toContain(complaint);
    expect(terminal.complaints.at(-1)).toBe("See `otel-sentry-bridge --help`.");
    expect(terminal.printed).toEqual([]);
  });
});

describe("send-test", () => {
  let server: IngestServer;
  beforeEach(async () => (server = await startIngestServer()));
  afterEach(async () => {
    setClient(undefined);
    await server.close();
  });

  it("sends an error and a transaction of one trace, and prints their ids", async () => {
    const terminal = fakeTerminal();

    expect(await runCli(["send-test", "--dsn", server.dsn], terminal)).toBe(0);

    const [error] = server.errors();
    const [transaction] = server.transactions();
    const traceId = transaction?.contexts.trace?.trace_id;
    expect(terminal.printed).toEqual([
      `error event  ${error?.event_id}  delivered`,
      `transaction  ${transaction?.event_id}  delivered`,
      `trace        ${traceId}`,
    ]);
    expect(error?.contexts?.trace?.trace_id).toBe(traceId);
  });
});

describe("the installed command", { timeout: 60_000 }, () => {
  let app: Application;
  let command: string;

  beforeEach(() => {
    app = installApplication(["@opentelemetry/api", "undici"]);
    command = join(app.packageDirectory, "dist/cli.cjs");
  }, 60_000);
  afterEach(() => app.remove());

  it("says why nothing arrived, and exits with 1", async () => {
    const server = await startIngestServer();
    await server.close();

    const end = await app.node([command, "send-test"], { SENTRY_DSN: server.dsn });

    expect(end.exitCode).toBe(1);
    expect(end.stdout).toMatch(
      /^error event {2}\w{32} {2}not delivered \(network_error\)\ntransaction {2}\w{32} {2}not delivered/,
    );
    expect(end.stderr).toContain("nothing listens at the DSN's host and port");
    expect(end.stderr).toContain(
      `Not everything was delivered to 127.0.0.1:${server.port}: check the DSN`,
    );
  });

  it("wants to know where to send to", async () => {
    const end = await app.node([command, "send-test"]);

    expect(end).toMatchObject({ exitCode: 2, stdout: "" });
    expect(end.stderr).toContain("Give --dsn <dsn>, or set SENTRY_DSN.");
  });

  it("is an inbox that prints what it is sent, until it is interrupted", async () => {
    const inbox = spawn(process.execPath, [command, "inbox", "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {},
    });
    const ended = once(inbox, "exit");
    const lines: string[] = [];
    const reader = createInterface(inbox.stdout);
    for await (const line of reader) {
      lines.push(line);
      const dsn = /SENTRY_DSN=(\S+)$/.exec(line)?.[1];
      if (dsn !== undefined) await app.node([command, "send-test", "--dsn", dsn]);
      if (line.startsWith("error: Error: otel-sentry-bridge send-test")) inbox.kill("SIGINT");
    }

    expect(await ended).toEqual([0, null]);
    expect(lines.filter((line) => line.startsWith("trace "))).toEqual([
      expect.stringMatching(/^trace \w{32}: 1 transaction, 1 span, 1 error$/),
    ]);
    expect(lines).toContainEqual(
      expect.stringMatching(/^\S+: otel-sentry-bridge send-test +━+ +100\.0$/),
    );
  });

  it("says so when the inbox's port is taken, and exits with 1", async () => {
    const server = await startIngestServer();

    const end = await app.node([command, "inbox", "--port", String(server.port)]);
    await server.close();

    expect(end).toMatchObject({ exitCode: 1, stdout: "" });
    expect(end.stderr).toContain(`Port ${server.port} cannot be listened on`);
  });
});
