import { createServer } from "node:net";

import { describe, expect, it, onTestFinished } from "vitest";

import { startIngestServer } from "../../../src/testing/ingest-server.js";
import type { SendResult } from "../../../src/delivery/transport.js";
import { eventually } from "../../time/wait-for.js";
import { OK, rawServer } from "./http-servers.js";
import { httpTransport, openHttp, openTransport } from "./http-support.js";
import { times } from "../in-sequence.js";
import { envelopeOf, recordingDiagnostics } from "../support.js";

function errorCodeOf(result: SendResult): unknown {
  return result.outcome === "retryable" && "code" in result.error ? result.error.code : undefined;
}

describe("the outcome", () => {
  it.each(["reset", "hang_up"] as const)(
    "of a %s is retryable, and the next send is delivered",
    async (fault) => {
      const { server, transport } = await openHttp();
      await transport.send(envelopeOf());
      server.respondWith(fault, "once");
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "retryable" });
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    },
  );

  it("of a refused connection is retryable, and names the reason", async () => {
    const server = await startIngestServer();
    await server.close();
    const transport = httpTransport(server.dsn);
    onTestFinished(() => transport.close());
    expect(errorCodeOf(await transport.send(envelopeOf()))).toBe("ECONNREFUSED");
  });

  it("of a server that never answers is retryable at the deadline, and the slot is free again", async () => {
    const { server, transport } = await openHttp({ maxConnections: 1, headersTimeoutMillis: 200 });
    server.respondWith("stall", "once");
    expect(errorCodeOf(await transport.send(envelopeOf()))).toBe("ERR_RESPONSE_TIMEOUT");
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });

  it("is known at the headers: a body that is reset does not change it", async () => {
    const { server, transport } = await openHttp({ maxConnections: 1 });
    server.respondWith("reset_body", "once");
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });

  it("is known at the headers: a body that stalls frees its slot at the deadline", async () => {
    const { server, transport } = await openHttp({ maxConnections: 1, bodyTimeoutMillis: 200 });
    server.respondWith("stall_body", "once");
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(server.connections).toBe(2);
  });

  it.each([
    ["of more than 16 KiB", "x".repeat(40_000), 16 * 1024],
    ["that does not end", undefined, 5],
  ])("of a refusal has the start of a body %s", async (_what, body, length) => {
    const texts: string[] = [];
    const server = await rawServer((socket) => {
      const end = body === undefined ? "100\r\n\r\nhello" : `${body.length}\r\n\r\n${body}`;
      socket.write(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${end}`);
    });
    const transport = openTransport(server.dsn, {
      bodyTimeoutMillis: 100,
      onRefusalText: (text) => texts.push(text),
    });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "rejected" });
    await eventually(() => texts.length > 0);
    expect(texts.map((text) => text.length)).toEqual([length]);
  });

  it.each([
    { type: "text/html; charset=utf-8", body: "<html>Log in</html>", count: 1 },
    { type: "TEXT/HTML", body: "<html>Log in</html>", count: 1 },
    { type: "application/json", body: `{"id":"1"}`, count: 0 },
    { type: "text/html", body: "", count: 0 },
    { type: "text/html", body: "<html>received</html>", path: "/tunnel", count: 0 },
  ])(
    "of an envelope that is accepted with $type, $body (tunnel: $path) has $count warnings",
    async ({ type, body, path, count }) => {
      const server = await rawServer((socket) => {
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        );
      });
      const { diagnostics, warnings } = recordingDiagnostics();
      const tunnel = path === undefined ? undefined : new URL(path, server.dsn).href;
      const transport = openTransport(server.dsn, { diagnostics, tunnel });

      await times(2, () => transport.send(envelopeOf()));

      expect(warnings).toEqual(
        Array.from({ length: count }, () => expect.stringMatching(/accepted with an HTML page/)),
      );
    },
  );

  it("of 408 over a kept connection is that the connection had ended, and otherwise a refusal", async () => {
    const server = await rawServer((socket, count) => {
      socket.write(
        count % 2 === 1
          ? OK
          : "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
      );
    });
    const transport = openTransport(server.dsn);
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(await transport.send(envelopeOf())).toMatchObject({
      outcome: "retryable",
      phase: "reused",
    });
  });

  it("does not wait for a body of more than 16 KiB", async () => {
    const { server, transport } = await openHttp({ maxConnections: 1 });
    server.respondWith({ body: "x".repeat(10 * 1024) });
    await times(3, () => transport.send(envelopeOf()));
    expect(server.connections).toBe(1);
    server.respondWith({ body: "x".repeat(4 * 1024 * 1024) });
    await times(3, () => transport.send(envelopeOf()));
    expect(server.connections).toBeGreaterThan(1);
  });

  it("of a redirect is a rejection: it is not followed", async () => {
    const { server, transport } = await openHttp();
    server.respondWith({ status: 301, headers: { location: server.tunnel } });
    expect(await transport.send(envelopeOf())).toMatchObject({
      outcome: "rejected",
      statusCode: 301,
    });
    expect(server.requests).toBe(1);
  });

  it("of an answer that is not HTTP is retryable", async () => {
    const banner = createServer(
      (socket) => void socket.on("error", () => {}).end("SSH-2.0-OpenSSH_9.6\r\n"),
    );
    const port = await new Promise<number>((resolve) => {
      banner.listen(0, "127.0.0.1", () => {
        const address = banner.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    const transport = httpTransport(`http://key@127.0.0.1:${port}/1`);
    onTestFinished(async () => {
      await transport.close();
      banner.close();
    });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "retryable" });
  });

  it("has both headers of limits", async () => {
    const { server, transport } = await openHttp();
    server.respondWith({ status: 503, headers: { "retry-after": "7" } });
    expect(await transport.send(envelopeOf())).toEqual({
      outcome: "rejected",
      statusCode: 503,
      limits: { rateLimits: undefined, retryAfter: "7" },
    });
  });
});
