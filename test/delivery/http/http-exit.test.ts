import { spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { compiledSources } from "../../package/compiled-sources.js";
import { accept, listening, pemOf, rawServer, secureDsn } from "./http-servers.js";

const TLS = { key: pemOf("server-key"), cert: pemOf("server") };
let directory = "";

const script = `
import { createDiagnostics, createHttpTransport, encodeEnvelope, parseDsn } from "./sources.js";

const { dsn, ...settings } = JSON.parse(process.argv[2]);
const transport = createHttpTransport({
  dsn: parseDsn(dsn),
  client: "test/1.0.0",
  diagnostics: createDiagnostics(console),
  runDetached: (run) => run(),
  ...settings,
});
const envelope = () => encodeEnvelope({ category: "error", itemType: "event", payload: "{}", headerJson: "", contents: [] });
// As a flush does: a send alone keeps no process.
const flush = setInterval(() => {}, 1000);
const results = [await transport.send(envelope()), await transport.send(envelope())];
clearInterval(flush);
process.stdout.write(results.map(({ outcome }) => outcome).join());
`;

beforeAll(async () => {
  directory = await compiledSources([
    "delivery/http/http-transport.ts",
    "support/diagnostics.ts",
    "protocol/dsn.ts",
    "protocol/envelope.ts",
  ]);
  await writeFile(join(directory, "send.js"), script);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

// How long a process lives on after its second outcome.
async function livesOn(settings: object): Promise<number> {
  const child = spawn(process.execPath, [join(directory, "send.js"), JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const outcomes = new Promise<string>((resolve) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString()));
  });
  const exit = new Promise((resolve) => {
    child.once("exit", resolve);
  });
  expect(await outcomes).toBe("delivered,delivered");
  const start = performance.now();
  expect(await exit).toBe(0);
  return performance.now() - start;
}

// All times are far longer than a process takes to end, on any machine; the bound lies between.
const ENDING_MILLIS = 30_000;
const LONG = { idleTimeoutMillis: 60_000, bodyTimeoutMillis: 60_000, caCerts: pemOf("ca") };

it("a body that never comes does not keep the process alive", async () => {
  const server = await rawServer(
    (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"),
  );
  expect(await livesOn({ ...LONG, dsn: server.dsn })).toBeLessThan(ENDING_MILLIS);
});

it("an idle connection over TLS does not", async () => {
  const server = await listening(createServer({ ...TLS, keepAliveTimeout: 0 }, accept));
  expect(await livesOn({ ...LONG, dsn: secureDsn(server) })).toBeLessThan(ENDING_MILLIS);
});

it("an idle tunnel does not", async () => {
  const server = await listening(createServer({ ...TLS, keepAliveTimeout: 0 }, accept));
  const http = createHttpServer().on("connect", (_request, socket: Socket) => {
    const end = connect(server.port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(end).pipe(socket);
    });
    end.on("error", () => socket.destroy());
    socket.on("error", () => {}).on("close", () => end.destroy());
  });
  const proxy = await listening(http);
  const settings = { ...LONG, dsn: secureDsn(server), proxy: `http://localhost:${proxy.port}` };
  expect(await livesOn(settings)).toBeLessThan(ENDING_MILLIS);
});
