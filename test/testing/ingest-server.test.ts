import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";

import { describe, expect, it, onTestFinished } from "vitest";

import type { IngestServer, IngestServerOptions } from "../../src/testing/ingest-server.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";

const EVENT_ID = "9ec79c33ec9942ab8353589fcb2e04dc";
const ENVELOPE = `{"event_id":"${EVENT_ID}"}\n{"type":"event","length":15}\n{"message":"a"}\n`;

async function start(options: IngestServerOptions = {}): Promise<IngestServer> {
  const server = await startIngestServer(options);
  onTestFinished(() => server.close());
  return server;
}

interface PostOptions {
  readonly headers?: Record<string, string>;
  readonly path?: string;
  readonly method?: string;
}

function post(
  server: IngestServer,
  body: string | Uint8Array<ArrayBuffer>,
  options: PostOptions = {},
): Promise<Response> {
  const key = new URL(server.dsn).username;
  const {
    headers = { "x-sentry-auth": `Sentry sentry_version=7, sentry_key=${key}` },
    path = "/api/1/envelope/",
    method = "POST",
  } = options;
  return fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers,
    ...(method === "POST" ? { body } : {}),
    redirect: "manual",
  });
}

describe("the protocol", () => {
  it("answers an envelope with its id, and keeps it", async () => {
    const server = await start();
    const response = await post(server, ENVELOPE);
    expect([response.status, await response.json()]).toEqual([200, { id: EVENT_ID }]);
    expect(server.errors()).toEqual([{ message: "a" }]);
    expect(server.transactions()).toEqual([]);
    expect([server.requests, server.connections]).toEqual([1, 1]);
  });

  it.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["identity", (text: string) => Buffer.from(text)],
  ])("decodes %s", async (encoding, encode) => {
    const server = await start();
    const key = new URL(server.dsn).username;
    const headers = { "content-encoding": encoding, "x-sentry-auth": `Sentry sentry_key=${key}` };
    const response = await post(server, Uint8Array.from(encode(ENVELOPE)), { headers });
    expect(response.status).toBe(200);
    expect(server.envelopes).toHaveLength(1);
  });

  it("answers what it cannot read with 400 and the fault", async () => {
    const server = await start();
    const response = await post(server, ENVELOPE.replace("15", "17"));
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      detail: expect.stringContaining("item 0 announces 17 bytes"),
      causes: [],
    });
    expect(server.envelopes).toEqual([]);
    expect(server.refusals).toHaveLength(1);
  });

  it("takes the key from the query, too", async () => {
    const server = await start();
    const key = new URL(server.dsn).username;
    const response = await post(server, ENVELOPE, {
      headers: {},
      path: `/api/1/envelope/?sentry_key=${key}`,
    });
    expect(response.status).toBe(200);
  });

  const auth = { "x-sentry-auth": "Sentry sentry_key=other" };
  it.each<[string, number, PostOptions]>([
    ["no key", 401, { headers: {} }],
    ["two keys", 401, { headers: auth, path: "/api/1/envelope/?sentry_key=other" }],
    ["an unreadable key", 401, { headers: { "x-sentry-auth": "Basic abc" } }],
    ["another key", 403, { headers: auth }],
    ["another project", 404, { path: "/api/2/envelope/" }],
    ["another method", 405, { method: "GET" }],
    [
      "another encoding",
      415,
      {
        headers: {
          "x-sentry-auth": "Sentry sentry_key=0123456789abcdef0123456789abcdef",
          "content-encoding": "lzw",
        },
      },
    ],
  ])("refuses %s with %i", async (_what, status, options) => {
    const server = await start();
    const response = await post(server, ENVELOPE, options);
    expect(response.status).toBe(status);
    expect(server.envelopes).toEqual([]);
  });

  it("has a tunnel that wants the DSN in the envelope, and no authentication", async () => {
    const server = await start();
    const tunnelled = `{"dsn":${JSON.stringify(server.dsn)}}\n`;
    expect((await post(server, tunnelled, { path: "/tunnel", headers: {} })).status).toBe(200);
    expect((await post(server, ENVELOPE, { path: "/tunnel", headers: {} })).status).toBe(400);
    expect((await post(server, tunnelled, { path: "/tunnel" })).status).toBe(401);
  });
});

describe("fault switches", () => {
  it("prescribe the next answer, then all others", async () => {
    const server = await start();
    server.respondWith({ status: 503 });
    server.respondWith({ status: 429, headers: { "retry-after": "7" }, body: "{}" }, "once");
    const first = await post(server, ENVELOPE);
    expect([first.status, first.headers.get("retry-after")]).toEqual([429, "7"]);
    expect((await post(server, ENVELOPE)).status).toBe(503);
    expect((await post(server, ENVELOPE)).status).toBe(503);
    server.respondNormally();
    expect((await post(server, ENVELOPE)).status).toBe(200);
    expect(server.envelopes).toHaveLength(1);
    expect(server.requests).toBe(4);
  });

  it("may choose by the request", async () => {
    const server = await start();
    server.respondWith((request) =>
      request.envelope().items.length === 0 ? { status: 500 } : undefined,
    );
    expect((await post(server, "{}")).status).toBe(500);
    expect((await post(server, ENVELOPE)).status).toBe(200);
  });

  it("delay an answer", async () => {
    const server = await start();
    server.respondWith({ delayMillis: 30 });
    const startedAt = performance.now();
    expect((await post(server, ENVELOPE)).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(25);
  });

  it.each(["reset", "hang_up"] as const)(
    "%s ends the connection without an answer",
    async (fault) => {
      const server = await start();
      server.respondWith(fault);
      await expect(post(server, ENVELOPE)).rejects.toThrow("fetch failed");
      expect(server.envelopes).toEqual([]);
    },
  );

  it("reset_body ends the connection after the headers", async () => {
    const server = await start();
    server.respondWith("reset_body");
    const response = await post(server, ENVELOPE);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
    expect(server.envelopes).toHaveLength(1);
  });

  it.each(["stall", "stall_body"] as const)(
    "%s holds the connection until the server closes",
    async (fault) => {
      const server = await startIngestServer();
      server.respondWith(fault);
      const outcome = post(server, ENVELOPE).then((response) => response.text());
      const failed = outcome.then(
        () => false,
        () => true,
      );
      await server.waitFor(({ requests }) => requests === 1, 5000);
      await Promise.all([server.close(), server.close()]);
      expect(await failed).toBe(true);
    },
  );
});

describe("waiting", () => {
  it("ends when the predicate holds", async () => {
    const server = await start();
    const arrived = server.waitFor(({ envelopes }) => envelopes.length === 2, 5000);
    await Promise.all([post(server, ENVELOPE), post(server, ENVELOPE)]);
    await arrived;
    expect(server.envelopes).toHaveLength(2);
  });

  it("fails at its time-out, and says what has come", async () => {
    const server = await start();
    await post(server, "{nope");
    await expect(server.waitFor(() => false, 10)).rejects.toThrow(
      /not met within 10 ms; 1 requests, 0 accepted, refused: malformed/,
    );
  });
});

it("reads lazily on demand", async () => {
  const server = await start({ lazy: true });
  expect((await post(server, ENVELOPE)).status).toBe(200);
  expect((await post(server, "malformed")).status).toBe(200);
  expect(() => server.envelopes).toThrow("malformed envelope");
  server.clear();
  expect(server.envelopes).toEqual([]);
});
