import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";

import { describe, expect, it, onTestFinished } from "vitest";

import { TooLargeError, readEnvelope } from "../../src/testing/envelope-reader.js";
import type { IngestServer, IngestServerOptions } from "../../src/testing/ingest-server.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";

const ENVELOPE = `{}\n{"type":"event","length":15}\n{"message":"a"}\n`;
const MEBIBYTE = 1_048_576;
const FAST = { [constants.BROTLI_PARAM_QUALITY]: 1 };

async function start(options: IngestServerOptions = {}): Promise<IngestServer> {
  const server = await startIngestServer(options);
  onTestFinished(() => server.close());
  return server;
}

async function post(
  server: IngestServer,
  body: Uint8Array<ArrayBuffer> | string,
  { encoding = "identity", key = new URL(server.dsn).username, path = "/api/1/envelope/" } = {},
): Promise<number> {
  const headers: Record<string, string> = { "content-encoding": encoding };
  if (path !== "/tunnel") headers["x-sentry-auth"] = `Sentry sentry_key=${key}`;
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: "POST",
    headers,
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

describe("a body that is small only while it is compressed", () => {
  it.each([
    ["gzip", (body: Uint8Array) => gzipSync(body, { level: 1 })],
    ["deflate", (body: Uint8Array) => deflateSync(body, { level: 1 })],
    ["br", (body: Uint8Array) => brotliCompressSync(body, { params: FAST })],
  ])("is refused with 413, in little memory: %s", async (encoding, compress) => {
    const server = await start({ maxEnvelopeBytes: MEBIBYTE });
    const bomb = Uint8Array.from(compress(Buffer.alloc(128 * MEBIBYTE)));
    const before = process.memoryUsage().rss;
    expect(await post(server, bomb, { encoding })).toBe(413);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MEBIBYTE);
    expect(server.envelopes).toEqual([]);
  });

  it("is refused by the tunnel, too, and the server goes on", async () => {
    const server = await start({ maxEnvelopeBytes: MEBIBYTE });
    const bomb = Uint8Array.from(gzipSync(Buffer.alloc(2 * MEBIBYTE)));
    expect(await post(server, bomb, { encoding: "gzip", path: "/tunnel" })).toBe(413);
    expect(await post(server, ENVELOPE)).toBe(200);
    expect(server.refusals).toEqual(["payload reached size limit: 1048576 bytes"]);
  });

  it("is taken up to the limit", async () => {
    const text = `{"a":"${"x".repeat(10_000)}"}\n`;
    const server = await start({ maxEnvelopeBytes: text.length });
    const body = Uint8Array.from(gzipSync(text));
    expect(await post(server, body, { encoding: "gzip" })).toBe(200);
  });
});

describe("a large body", () => {
  it("is answered before its end, and what follows is not kept", async () => {
    const server = await start({ maxEnvelopeBytes: MEBIBYTE });
    const key = new URL(server.dsn).username;
    const message = request(`http://127.0.0.1:${server.port}/api/1/envelope/`, {
      method: "POST",
      headers: { "x-sentry-auth": `Sentry sentry_key=${key}` },
    });
    // No test's own failure: the server may end the connection.
    message.on("error", () => {});
    message.write(Buffer.alloc(2 * MEBIBYTE));
    const [response] = await once(message, "response");
    expect(response.statusCode).toBe(413);
    message.destroy();
    expect(await post(server, ENVELOPE)).toBe(200);
  });

  it("with a wrong key is refused for its key, not kept or decompressed", async () => {
    const server = await start({ maxEnvelopeBytes: MEBIBYTE });
    const body = Uint8Array.from(gzipSync(Buffer.alloc(20 * MEBIBYTE)));
    expect(await post(server, body, { encoding: "gzip", key: "other" })).toBe(403);
    expect(server.refusals).toEqual(["event submission rejected with_reason: ProjectId"]);
  });
});

it("answers 503 where too many bodies are under way, and takes others when these are gone", async () => {
  const server = await start({ maxEnvelopeBytes: MEBIBYTE });
  const key = new URL(server.dsn).username;
  const head = `POST /api/1/envelope/?sentry_key=${key} HTTP/1.1\r\nhost: a\r\ncontent-length: ${MEBIBYTE}\r\n\r\n`;
  const sockets = Array.from({ length: 6 }, () => connect(server.port, "127.0.0.1"));
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  const answer = Promise.race(sockets.map(async (socket) => once(socket, "data")));
  for (const socket of sockets) socket.write(head + "x".repeat(MEBIBYTE - 1));
  const [first] = await answer;
  expect(String(first)).toMatch(/^HTTP\/1\.1 503 /);
  expect(server.refusals).toEqual(["too many large bodies are under way"]);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => post(server, ENVELOPE), { timeout: 20_000 }).toBe(200);
});

it("answers a client that sends too slowly with 408", async () => {
  const server = await start({ requestTimeoutMillis: 50 });
  const socket = connect(server.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  // The server may reset the connection once it has answered.
  socket.once("error", () => socket.destroy());
  const key = new URL(server.dsn).username;
  socket.write(
    `POST /api/1/envelope/?sentry_key=${key} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n{`,
  );
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 408 /);
  expect(await post(server, ENVELOPE)).toBe(200);
});

it("keeps the newest envelopes, and counts those that it forgets", async () => {
  const server = await start({ maxEnvelopes: 10 });
  for (let index = 0; index < 25; index += 1) {
    expect(await post(server, ENVELOPE.replace("{}", `{"n":${index}}`))).toBe(200);
  }
  expect(server.envelopes.length + server.forgotten).toBe(25);
  expect(server.envelopes.length).toBeLessThanOrEqual(10);
  expect(server.envelopes.at(-1)?.header).toEqual({ n: 24 });
  server.clear();
  expect(server.forgotten).toBe(0);
});

describe("an envelope of too many or too large parts", () => {
  it.each([
    ["items", `{}\n${'{"type":"x","length":0}\n\n'.repeat(1001)}`],
    ["bytes of its header", `{"a":"${"x".repeat(70_000)}"}\n`],
    ["bytes of an item's header", `{}\n{"type":"x","a":"${"x".repeat(70_000)}","length":0}\n\n`],
    ["bytes of an event", `{}\n{"type":"event"}\n{"message":"${"x".repeat(MEBIBYTE)}"}\n`],
  ])("is refused: %s", async (_what, text) => {
    expect(() => readEnvelope(Buffer.from(text))).toThrow(TooLargeError);
    const server = await start();
    expect(await post(server, text)).toBe(413);
  });

  it("may have attachments that are larger than an event", () => {
    const length = 2 * MEBIBYTE;
    const text = `{}\n{"type":"attachment","length":${length}}\n${"x".repeat(length)}\n`;
    expect(readEnvelope(Buffer.from(text)).items).toHaveLength(1);
  });
});
