import { request } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { ResponseHead } from "../../../src/delivery/http/response-head.js";
import { ResponseParser } from "../../../src/delivery/http/response-parser.js";
import { hostileValues } from "../fuzz-inputs.js";
import { SEED, runs, times } from "../../property/runs.js";

const RUNS = 20_000;
process.stdout.write(`hostile responses by seed ${SEED}\n`);

/** What a reader made of a response. `closed`: it was refused, or the connection ended before it was complete. */
type Verdict =
  | { readonly end: "closed" }
  | {
      readonly end: "complete";
      readonly statusCode: number;
      readonly body: string;
      readonly rateLimits: string | undefined;
      readonly retryAfter: string | undefined;
    };

const CLOSED: Verdict = { end: "closed" };

function ours(pieces: readonly Buffer[]): Verdict {
  const body: Buffer[] = [];
  let head: ResponseHead | undefined;
  let isComplete = false;
  const parser = new ResponseParser({
    begun() {},
    answered: (answer) => (head = answer),
    received: (bytes) => body.push(bytes),
    ended: () => (isComplete = true),
  });
  parser.expect();
  for (const piece of pieces) {
    if (parser.read(piece) !== undefined) return CLOSED;
  }
  if (!isComplete && !parser.finish()) return CLOSED;
  if (head === undefined) return CLOSED;
  const { statusCode, rateLimits, retryAfter } = head;
  return {
    end: "complete",
    statusCode,
    body: Buffer.concat(body).toString("latin1"),
    rateLimits,
    retryAfter,
  };
}

function nodes(pieces: readonly Buffer[]): Promise<Verdict> {
  return new Promise((resolve) => {
    const outgoing = request({ method: "POST", createConnection: () => serverSaying(pieces) });
    outgoing
      .on("error", () => resolve(CLOSED))
      .on("upgrade", () => resolve(CLOSED))
      .on("response", (response) => {
        const body: Buffer[] = [];
        response
          .on("data", (chunk: Buffer) => body.push(chunk))
          .on("error", () => resolve(CLOSED))
          .on("end", () => {
            const { headersDistinct, statusCode = 0 } = response;
            resolve({
              end: "complete",
              statusCode,
              body: Buffer.concat(body).toString("latin1"),
              rateLimits: joined(headersDistinct["x-sentry-rate-limits"]),
              retryAfter: joined(headersDistinct["retry-after"]),
            });
          });
      })
      .end();
  });
}

// Node keeps the spaces of a value that consists of nothing else (RFC 9110, 5.5: they are not part of it).
function joined(values: readonly string[] | undefined): string | undefined {
  return values?.map((value) => value.replace(/^[\t ]+$/, "")).join(",");
}

// Says everything once it is asked, a piece at a time, and ends the connection. A stream does for a socket here.
function serverSaying(pieces: readonly Buffer[]): Socket {
  const left = [...pieces];
  const stream = new Duplex({
    write: (_chunk, _encoding, done) => done(),
    read() {
      this.push(left.shift() ?? null);
    },
  });
  return Object.assign(stream, {
    setTimeout() {},
    setNoDelay() {},
    setKeepAlive() {},
    ref() {},
    unref() {},
  }) as unknown as Socket;
}

const statusLines = fc.constantFrom(
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 429 Too Many Requests\r\n",
  "HTTP/1.1 204 No Content\r\n",
  "HTTP/1.1 304 Not Modified\r\n",
  "HTTP/1.0 200 OK\r\n",
  "HTTP/1.1 200\r\n",
  "HTTP/1.1 200 \r\n",
  "HTTP/1.1 503 \u00e4\r\n",
  "HTTP/1.1 101 Switching\r\n",
  "HTTP/2 200\r\n",
  "HTTP/1.1 20 OK\r\n",
  "HTTP/1.1  200 OK\r\n",
  "http/1.1 200 OK\r\n",
  "HTTP/1.1 200 OK\n",
  "HTTP/1.1 099 OK\r\n",
  "ICY 200 OK\r\n",
  "HTTP/1.1 200 O\0K\r\n",
);
const fields = fc.oneof(
  fc.constantFrom(
    "content-length: 5\r\n",
    "Content-Length: 5\r\n",
    "content-length: 0\r\n",
    "content-length: 5, 5\r\n",
    "content-length: +5\r\n",
    "content-length: 0x5\r\n",
    "content-length: 99999999999999999999\r\n",
    "content-length:\r\n",
    "content-length : 5\r\n",
    "transfer-encoding: chunked\r\n",
    "Transfer-Encoding: CHUNKED\r\n",
    "transfer-encoding: gzip, chunked\r\n",
    "transfer-encoding: identity\r\n",
    "connection: close\r\n",
    "connection: keep-alive\r\n",
    "keep-alive: timeout=5\r\n",
    "upgrade: h2c\r\n",
    "x: y\r\n z\r\n",
    "x y: z\r\n",
    ": z\r\n",
    "x\r\n",
    "x: \u0001\r\n",
    "\r\n",
  ),
  hostileValues.map((value) => `x-sentry-rate-limits: ${value}\r\n`),
  hostileValues.map((value) => `retry-after: ${value}\r\n`),
);
const bodies = fc.constantFrom(
  "",
  "hello",
  "hell",
  "hello!",
  "5\r\nhello\r\n0\r\n\r\n",
  "5\r\nhello\r\n0\r\nx: y\r\n\r\n",
  "5;a=b\r\nhello\r\n0\r\n\r\n",
  "5 \r\nhello\r\n0\r\n\r\n",
  "05\r\nhello\r\n0\r\n\r\n",
  "5\r\nhello\n0\r\n\r\n",
  "5\nhello\r\n0\r\n\r\n",
  "5\r\nhelloX0\r\n\r\n",
  "-5\r\nhello\r\n0\r\n\r\n",
  "g\r\nhello\r\n0\r\n\r\n",
  "fffffffff\r\nhello",
  "5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
);
const before = fc.constantFrom(
  "",
  "",
  "",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
  "HTTP/1.1 100 Continue\r\ncontent-length: 5\r\n\r\n",
  "\r\n",
  "\0",
);
const responses = fc
  .record({
    before,
    statusLine: statusLines,
    fields: fc.array(fields, { maxLength: 4 }),
    end: fc.constantFrom("\r\n", "\r\n", "\r\n", "\r\n", "\n", ""),
    body: bodies,
  })
  .map((parts) => parts.before + parts.statusLine + parts.fields.join("") + parts.end + parts.body);

function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, "latin1");
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length];
  const sorted = ends.toSorted((a, b) => a - b);
  return sorted
    .map((end, index) => bytes.subarray(sorted[index - 1] ?? 0, end))
    .filter((piece) => piece.length > 0);
}

describe("a response", () => {
  it(
    "is read as Node's parser reads it, or refused, whatever it is and wherever its pieces end",
    { timeout: 120_000 },
    async () => {
      let complete = 0;
      await fc.assert(
        fc.asyncProperty(responses, fc.array(fc.nat(), { maxLength: 4 }), async (text, places) => {
          const verdict = ours(cut(text, places));
          if (verdict.end === "closed") return;
          complete += 1;
          expect(verdict).toEqual(await nodes(cut(text, [])));
        }),
        times(RUNS),
      );
      // Otherwise the property would say nothing.
      expect(complete).toBeGreaterThan(runs(RUNS) / 20);
    },
  );

  it("is read the same wherever its pieces end", { timeout: 120_000 }, () => {
    const property = fc.property(
      responses,
      fc.array(fc.nat(), { maxLength: 8 }),
      (text, places) => {
        expect(ours(cut(text, places))).toEqual(ours(cut(text, [])));
      },
    );
    fc.assert(property, times(RUNS));
  });

  it.each([
    ["with a length", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"],
    [
      "in chunks, with an extension and a trailer",
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a="b"\r\nhe\r\n3\r\nllo\r\n0\r\nx: y\r\n\r\n',
    ],
    ["that ends with the connection", "HTTP/1.1 200 OK\r\n\r\nhello"],
    [
      "after informational ones",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    ],
    ["by an old proxy", "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello"],
  ])("is read: %s", (_what, text) => {
    expect(ours(cut(text, []))).toMatchObject({ end: "complete", statusCode: 200, body: "hello" });
  });

  it.each([
    ["with two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello"],
    [
      "with a length and chunks",
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello",
    ],
    ["with a line end without CR", "HTTP/1.1 200 OK\ncontent-length: 5\r\n\r\nhello"],
    ["with a folded line", "HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 5\r\n\r\nhello"],
    ["that switches protocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["of another protocol", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["without an end of its header", `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(4000)}`],
    ["with endless informational ones", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)],
    [
      "with an endless line between chunks",
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;${"x".repeat(5000)}`,
    ],
    [
      "with endless trailers",
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${"x: y\r\n".repeat(5000)}\r\n`,
    ],
    [
      "with bytes behind it",
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n",
    ],
  ])("is refused: %s", (_what, text) => {
    expect(ours(cut(text, []))).toEqual(CLOSED);
  });

  it("is refused at the first line end without CR, whose header would never be complete", () => {
    const parser = new ResponseParser({ begun() {}, answered() {}, received() {}, ended() {} });
    parser.expect();
    expect(parser.read(Buffer.from("HTTP/1.1 200 OK\r\nx: y\r"))).toBeUndefined();
    expect(String(parser.read(Buffer.from("\nx: y\n")))).toContain("not valid HTTP/1.1");
  });

  it("is refused at its first byte if it is no HTTP, and while nothing was asked", () => {
    const parser = new ResponseParser({ begun() {}, answered() {}, received() {}, ended() {} });
    expect(String(parser.read(Buffer.from("HTTP/1.1 200 OK\r\n")))).toContain("without a request");
    parser.expect();
    expect(String(parser.read(Buffer.from([0x15])))).toContain("not valid HTTP/1.1");
  });
});
