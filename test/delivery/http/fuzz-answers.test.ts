import type { Socket } from "node:net";
import { Duplex } from "node:stream";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Exchange } from "../../../src/delivery/http/exchange.js";
import type { BodyEnd } from "../../../src/delivery/http/response-head.js";
import { ProxyError } from "../../../src/delivery/http/proxy-errors.js";
import { openTunnel } from "../../../src/delivery/http/connection-dial.js";
import { createRateLimits } from "../../../src/delivery/rate-limits.js";
import type { SendResult } from "../../../src/delivery/transport.js";
import { hostileValues } from "../fuzz-inputs.js";
import { SEED, times } from "../../property/runs.js";

process.stdout.write(`hostile answers by seed ${SEED}\n`);

const DAY = 24 * 60 * 60 * 1000;

const limitValues = fc.option(hostileValues, { nil: undefined });
const statusCodes = fc.oneof(
  fc.constantFrom(200, 204, 299, 300, 407, 429, 503),
  fc.integer({ min: 200, max: 999 }),
);
const heads = fc.record({
  statusCode: statusCodes,
  bodyEnd: fc.constantFrom<BodyEnd>(0, 5, "chunked", "connection"),
  rateLimits: limitValues,
  retryAfter: limitValues,
  isLast: fc.boolean(),
  isPage: fc.boolean(),
  keepMillis: fc.constant(undefined),
  date: fc.constant(undefined),
});
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("head" as const), head: heads }),
    fc.record({ kind: fc.constant("data" as const), bytes: fc.nat(20_000) }),
    fc.record({ kind: fc.constantFrom("end" as const, "error" as const, "begun" as const) }),
  ),
  { maxLength: 6 },
);
const forwarders = fc.constantFrom(undefined, { name: "proxy:1", hasCredentials: true });

interface Watched {
  readonly exchange: Exchange;
  readonly results: SendResult[];
}

function watched(forwarder: { name: string; hasCredentials: boolean } | undefined): Watched {
  const results: SendResult[] = [];
  const exchange = new Exchange(
    { head: "", body: Buffer.from("{}") },
    { startedAt: 0, deadlineAt: 0, forwarder },
    { settled: (result) => void results.push(result), threw: () => {} },
  );
  return { exchange, results };
}

describe("15,000 hostile sequences of what a connection reports of a response", () => {
  it("yield a result at their first header or error, with bounded limits", () => {
    fc.assert(
      fc.property(steps, forwarders, (sequence, forwarder) => {
        const { exchange, results } = watched(forwarder);
        exchange.written(false);
        let decidedBy: number | "error" | undefined;
        for (const step of sequence) {
          if (step.kind === "head") {
            exchange.answered(step.head);
            exchange.settle();
            decidedBy ??= step.head.statusCode;
          } else if (step.kind === "data") exchange.received(Buffer.alloc(step.bytes));
          else if (step.kind === "end") exchange.ended();
          else if (step.kind === "begun") exchange.begun();
          else {
            exchange.fail(new Error("broken"));
            decidedBy ??= "error";
          }
        }
        expect(results[0]?.outcome).toBe(expectedOutcome(decidedBy, forwarder !== undefined));
        for (const result of results) expectBounded(result);
      }),
      times(15_000),
    );
  });
});

function expectedOutcome(
  decidedBy: number | "error" | undefined,
  isForwarded: boolean,
): SendResult["outcome"] | undefined {
  if (decidedBy === undefined) return undefined;
  if (decidedBy === "error" || (isForwarded && decidedBy === 407)) return "retryable";
  if (decidedBy === 429) return "limited";
  return decidedBy < 300 ? "delivered" : "rejected";
}

function expectBounded(result: SendResult): void {
  if (result.outcome === "retryable") return;
  const limits = createRateLimits();
  limits.update(result.limits, result.statusCode, 1000);
  expect(limits.isActive(1000 + DAY)).toBe(false);
}

// What a proxy's response header may have at most.
const MAX_HEAD_BYTES = 16 * 1024;
// In place of more than that, so that a failure can be read.
const LONG = "<long>";

// A part as its bytes are read: a character above U+00FF becomes its low byte, which may end a line.
function asSent(part: string): string {
  return Buffer.from(part.replaceAll(LONG, "x".repeat(17_000)), "latin1").toString("latin1");
}

const chunks = fc.array(
  fc.oneof(
    fc.constantFrom(
      "HTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 Connection established\r\n",
      "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.0 503 \r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      "HTTP/1.1 -20 OK\r\n\r\n",
      "\r\n\r\n",
      "\r\n",
      "\n\n",
      "X: y\r\n",
      "SSH-2.0-OpenSSH_9.6\r\n",
      LONG,
    ),
    hostileValues,
  ),
  { maxLength: 5 },
);
const endings = fc.constantFrom("end" as const, "reset" as const, "close" as const);

const PROXY = {
  name: "proxy:8080",
  hasCredentials: true,
  authorization: "Basic c2VjcmV0OnNlY3JldA==",
  address: { host: "proxy", port: 8080, isSecure: false },
};

describe("5,000 hostile answers of a proxy to CONNECT", () => {
  it("open the tunnel if the first final status is 2xx, and otherwise fail without showing a secret", async () => {
    await fc.assert(
      fc.asyncProperty(chunks, endings, async (parts, ending) => {
        const error = await failureOf(parts, ending);
        const sent = parts.map(asSent).join("");
        const informational = /^(HTTP\/1\.\d 100 Continue\r\n\r\n)+/.exec(sent)?.[0] ?? "";
        const text = sent.slice(informational.length);
        const end = text.indexOf("\r\n\r\n");
        const isGranted = end !== -1 && /^HTTP\/1\.\d 2\d\d\b/.test(text);
        // Where a header that is too long arrives at once with its end, either is right.
        const isEither = isGranted && end + 4 > MAX_HEAD_BYTES;
        expect(isEither || (error === undefined) === isGranted).toBe(true);
        expect(error === undefined || error instanceof ProxyError).toBe(true);
        expect(String(error)).not.toMatch(/c2VjcmV0|secret/);
      }),
      times(5000),
    );
  });

  it("open the tunnel after informational responses, in however many pieces", async () => {
    const answer =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 \r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    expect(await failureOf([answer], "end")).toBeUndefined();
    expect(await failureOf(answer.split(/(?=[\r\n ])/), "end")).toBeUndefined();
    expect(await failureOf([`HTTP/1.1 101 Switching\r\n\r\n${answer}`], "end")).toBeDefined();
  });

  it("open no tunnel if the response header does not end, whatever its status", async () => {
    const error = await failureOf(["HTTP/1.1 200 OK\r\n", LONG], "close");
    expect(String(error)).toContain("its response header is incomplete or too long");
  });
});

async function failureOf(
  parts: readonly string[],
  ending: "close" | "end" | "reset",
): Promise<unknown> {
  const socket = proxySocket(
    parts.map((part) => Buffer.from(asSent(part), "latin1")),
    ending,
  );
  try {
    await openTunnel(socket, PROXY, { host: "sentry.example", port: 443, isSecure: true });
    return undefined;
  } catch (error) {
    return error;
  } finally {
    socket.destroy();
  }
}

// Says all of it a piece at a time once it is asked, then ends. A stream does for a socket here.
function proxySocket(parts: readonly Buffer[], ending: "close" | "end" | "reset"): Socket {
  let left = [...parts];
  const socket = new Duplex({
    autoDestroy: true,
    write: (_chunk, _encoding, done) => done(),
    read() {
      const [next, ...rest] = left;
      left = rest;
      setImmediate(() => {
        if (next !== undefined) this.push(next);
        else if (ending === "end") this.push(null);
        else this.destroy(ending === "reset" ? new Error("ECONNRESET") : undefined);
      });
    },
  });
  socket.on("error", () => {});
  return socket as Socket;
}
