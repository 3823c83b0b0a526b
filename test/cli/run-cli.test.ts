import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { Server } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
} from "vitest";

import { runCli } from "../../src/cli/run-cli.js";
import { setClient } from "../../src/context/global-client.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { SDK_VERSION } from "../../src/version.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { fakeTerminal } from "./fake-terminal.js";

describe("the command line", () => {
  it("prints its usage and its version", async () => {
    const terminal = fakeTerminal();

    const codes = [
      await runCli(["--help"], terminal),
      await runCli(["inbox", "-h"], terminal),
      await runCli(["-v"], terminal),
    ];

    expect(codes).toEqual([0, 0, 0]);
    expect(terminal.printed[0]).toContain("Usage: otel-sentry-bridge <command>");
    expect(terminal.printed[2]).toBe(SDK_VERSION);
    expect(terminal.complaints).toEqual([]);
  });

  it.each([
    ["inbox", ["--port", "--open"], ["--once", "--dsn"]],
    ["demo", ["--port", "--open", "--once"], ["--dsn"]],
    ["send-test", ["--dsn"], ["--port"]],
  ])("tells how `%s` is used", async (name, own, others) => {
    const terminal = fakeTerminal();

    expect(await runCli([name, "--help"], terminal)).toBe(0);

    const [help = ""] = terminal.printed;
    expect(help).toMatch(new RegExp(`^Usage: otel-sentry-bridge ${name} \\[options\\]\n`));
    expect(own.filter((option) => !help.includes(`  ${option}`))).toEqual([]);
    expect(others.filter((option) => help.includes(option))).toEqual([]);
    expect(help).toContain("Exit codes: 0 success, 1 failure, 2 wrong usage");
  });

  it.each([
    [[], "No command was given."],
    [["inbx"], "There is no command `inbx`. Did you mean `inbox`?"],
    [["sendtest"], "Did you mean `send-test`?"],
    [["inbox", "--prot", "1"], "Unknown option '--prot'. Did you mean `--port`?"],
    [["demo", "--onec"], "Unknown option '--onec'. Did you mean `--once`?"],
    [
      ["doctor", "--json", "node", "--require", "./set-up.cjs", "app.js"],
      "otel-sentry-bridge doctor --json -- node --require ./set-up.cjs app.js",
    ],
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
    expect(terminal.complaints.at(-1)).toMatch(
      /^See `otel-sentry-bridge ((inbox|demo|doctor|send-test) )?--help`\.$/,
    );
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

  it.each([
    [401, "the DSN's key was not accepted"],
    [403, "the project or its key is disabled"],
    [429, "rate limit or the project's quota is used up (HTTP 429)"],
  ])("names the cause of HTTP %i, with the detail of the answer", async (status, cause) => {
    const detail = { detail: "event submission rejected", causes: ["ProjectId"] };
    const relay = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(status).end(JSON.stringify(detail)));
    });
    const port = await portOf(relay);
    const terminal = fakeTerminal();

    expect(await runCli(["send-test", "--dsn", `http://key@127.0.0.1:${port}/1`], terminal)).toBe(
      1,
    );

    expect(terminal.complaints).toEqual([
      expect.stringMatching(new RegExp(`^Nothing was delivered to 127.0.0.1:${port}: `)),
    ]);
    expect(terminal.complaints[0]).toContain(cause);
    expect(terminal.complaints[0]).toContain(
      'the answer says "event submission rejected: ProjectId".',
    );
  });

  it.each([
    ["http://key@127.0.0.1:1/1", "nothing is listening on the DSN's host and port (ECONNREFUSED)"],
    ["http://key@nowhere.invalid/1", "the DSN's host name"],
  ])("names the cause where there is no answer: %s", async (dsn, cause) => {
    const terminal = fakeTerminal();

    expect(await runCli(["send-test", "--dsn", dsn], terminal)).toBe(1);

    expect(terminal.complaints[0]).toContain(cause);
  });

  it("says that a port expects TLS, or does not speak it", async () => {
    const terminal = fakeTerminal();
    // As a TLS server does with what is no handshake: it answers with an alert, or not at all.
    const alerting = createTcpServer((socket) => {
      socket
        .on("error", () => {})
        .once("data", () => socket.end("\u0015\u0003\u0001\0\u0002\u0002F"));
    });
    const closing = createTcpServer((socket) => void socket.once("data", () => socket.end()));

    for (const each of [alerting, closing]) {
      const port = await portOf(each);
      await runCli(["send-test", "--dsn", `http://key@127.0.0.1:${port}/1`], terminal);
    }
    await runCli(["send-test", "--dsn", server.dsn.replace("http:", "https:")], terminal);

    expect(terminal.complaints).toEqual([
      expect.stringContaining("if it expects TLS, the DSN needs https instead of http"),
      expect.stringContaining("if it expects TLS, the DSN needs https instead of http"),
      expect.stringContaining("does the DSN need http instead of https?"),
    ]);
  });
});

async function portOf(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("the installed command", { timeout: 60_000 }, () => {
  let app: Application;
  let command: string;

  beforeAll(() => {
    app = installApplication(["@opentelemetry/api"]);
    command = join(app.packageDirectory, "dist/cli.cjs");
  });
  afterAll(() => app.remove());

  it.each([
    [["doctor"], "stderr", /^ERROR D7 no-api: .*\nnpm install @opentelemetry\/api@1\.9$/m],
    [["doctor", "--", "node", "-e", "1"], "stderr", /^ERROR D7 no-api: /],
    [["doctor", "--json"], "stdout", /"worst":"error".*"name":"no-api"/],
  ] as const)("says in `%s` that OpenTelemetry is missing", async (args, output, text) => {
    const bare = installApplication([]);
    onTestFinished(() => bare.remove());

    const end = await bare.node([join(bare.packageDirectory, "dist/cli.cjs"), ...args]);

    expect(end.exitCode).toBe(1);
    expect(end[output]).toMatch(text);
    expect(`${end.stderr}${end.stdout}`).not.toContain("MODULE_NOT_FOUND");
  });

  it("names the package manager whose lock file is in the folder", async () => {
    const bare = installApplication([]);
    onTestFinished(() => bare.remove());
    bare.write("pnpm-lock.yaml", "");

    const end = await bare.node([join(bare.packageDirectory, "dist/cli.cjs"), "doctor"]);

    expect(end.stderr).toMatch(/\npnpm add @opentelemetry\/api@1\.9$/m);
  });

  it("says why nothing arrived, and exits with 1", async () => {
    const server = await startIngestServer();
    await server.close();

    const end = await app.node([command, "send-test"], { SENTRY_DSN: server.dsn });

    expect(end.exitCode).toBe(1);
    expect(end.stdout).toMatch(
      /^error event {2}\w{32} {2}not delivered \(network_error\)\ntransaction {2}\w{32} {2}not delivered/,
    );
    expect(end.stderr).toContain("nothing is listening on the DSN's host and port");
    expect(end.stderr).toContain(
      `Nothing was delivered to 127.0.0.1:${server.port}: nothing is listening on the DSN`,
    );
  });

  it("`send-test` fails without a DSN, with the usage", async () => {
    const end = await app.node([command, "send-test"]);

    expect(end).toMatchObject({ exitCode: 2, stdout: "" });
    expect(end.stderr).toContain("Pass --dsn <dsn>, or set SENTRY_DSN.");
  });

  it("`inbox` prints received envelopes until it is interrupted", async () => {
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
    expect(end.stderr).toContain(`The inbox cannot listen on port ${server.port}`);
  });
});
