import fc from "fast-check";

import { hostileValues } from "../fuzz-inputs.js";

/** What a server does with one request. */
export interface WirePlan {
  /** What it says, in this order. */
  readonly pieces: readonly Buffer[];
  /** Between the pieces. */
  readonly pauseMillis: number;
  readonly ending: "fin" | "none" | "rst";
  /** The outcome, where a plan has only one that is right. */
  readonly outcome: "delivered" | "rejected" | "retryable" | undefined;
}

const LINE_ENDS = [...Array.from({ length: 12 }, () => "\r\n"), "\n", "\r", "\r\r\n"];

const goodStatusLines = fc.constantFrom(
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200 ",
  "HTTP/1.1 204 No Content",
  "HTTP/1.1 304 Not Modified",
  "HTTP/1.1 429 Too Many Requests",
  "HTTP/1.1 503 ",
  "HTTP/1.0 200 OK",
);

const badStatusLines = fc.constantFrom(
  "HTTP/1.1 101 Switching Protocols",
  "HTTP/1.1 100 Continue",
  "HTTP/1.1 103 Early Hints",
  "HTTP/1.1 200",
  "HTTP/1.1  200 OK",
  "HTTP/1.1 20 OK",
  "HTTP/1.1 2000 OK",
  "HTTP/1.1 -20 OK",
  "HTTP/1.1 000 Nothing",
  "HTTP/1.1 999 Everything",
  "HTTP/0.9 200 OK",
  "HTTP/2.0 200 OK",
  "HTTP/9.9 200 OK",
  "http/1.1 200 ok",
  "ICY 200 OK",
  "SSH-2.0-OpenSSH_9.6",
  "GET / HTTP/1.1",
  "PRI * HTTP/2.0",
  "",
);

const statusLines = fc.oneof(
  { weight: 6, arbitrary: goodStatusLines },
  { weight: 1, arbitrary: fc.nat(999).map((status) => `HTTP/1.1 ${status} Any`) },
  { weight: 2, arbitrary: badStatusLines },
);

const goodHeaderLines = fc.constantFrom(
  "Content-Length: 2",
  "Content-Length: 2",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: chunked",
  "Content-Encoding: gzip",
  "Connection: close",
  "Connection: keep-alive, close, x",
  "Keep-Alive: timeout=0",
  "Keep-Alive: timeout=-5, max=-1",
  `Keep-Alive: timeout=${"9".repeat(400)}`,
  "Keep-Alive: timeout=1e9",
  "Keep-Alive: timeout=1\r\nKeep-Alive: timeout=2",
  "Trailer: X-Sentry-Rate-Limits",
  "X-Sentry-Rate-Limits: 60:error:key",
  "X-Sentry-Rate-Limits: 1::key\r\nX-Sentry-Rate-Limits: 2::key",
  "Retry-After: 1\r\nRetry-After: 2",
  "Many: x\r\n".repeat(200),
);

const badHeaderLines = fc.constantFrom(
  "Content-Length: 0",
  "Content-Length: -1",
  "Content-Length: 99999999999999999999",
  "Content-Length: 2, 2",
  "Content-Length: 3\r\nContent-Length: 4",
  "Content-Length: 0x2",
  "Transfer-Encoding: chunked, chunked",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: xchunked",
  "Connection: upgrade\r\nUpgrade: h2c",
  "No colon here",
  " folded",
  ": no name",
  "Na me: x",
  "Nul: \0",
  `Long: ${"x".repeat(20_000)}`,
  "Flood: x\r\n".repeat(3000),
);

const limitLines = fc
  .tuple(fc.constantFrom("X-Sentry-Rate-Limits", "Retry-After", "Keep-Alive"), hostileValues)
  .map(([name, value]) => `${name}: ${value}`);

const headerLines = fc.oneof(
  { weight: 6, arbitrary: goodHeaderLines },
  { weight: 1, arbitrary: badHeaderLines },
  { weight: 1, arbitrary: limitLines },
);

const bodies = fc.oneof(
  fc.constantFrom(
    "",
    "{}",
    "2\r\n{}\r\n0\r\n\r\n",
    "2\r\n{}\r\n0\r\nX-Sentry-Rate-Limits: 60::key\r\n\r\n",
    "ffffffffffffffffffff\r\n{}",
    "-1\r\n{}\r\n",
    "zz\r\n{}\r\n",
    '2;ext="\0"\r\n{}\r\n',
    "2\n{}\n0\n\n",
    "5\r\n{}",
    "0\r\n",
    "{}HTTP/1.1 500 Another\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".repeat(3),
    "x".repeat(40_000),
  ),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
);

const written = fc
  .tuple(
    statusLines,
    fc.array(headerLines, { maxLength: 4 }),
    bodies,
    fc.constantFrom(...LINE_ENDS),
  )
  .map(([status, headers, body, lineEnd]) =>
    Buffer.from([status, ...headers, "", body].join(lineEnd), "latin1"),
  );

const anything = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
const floods = fc
  .tuple(
    fc.constantFrom(
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
      "HTTP/1.1 102 Processing\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      "\r\n",
    ),
    fc.integer({ min: 1, max: 500 }),
    fc.boolean(),
  )
  .map(([early, count, isAnswered]) =>
    Buffer.from(
      early.repeat(count) + (isAnswered ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" : ""),
    ),
  );
const truncated = fc
  .tuple(written, fc.nat())
  .map(([bytes, length]) => bytes.subarray(0, length % (bytes.length + 1)));

const bytes = fc.oneof(
  { weight: 5, arbitrary: written },
  { weight: 2, arbitrary: truncated },
  { weight: 1, arbitrary: anything },
  { weight: 1, arbitrary: floods },
);

// A drip takes longer than there is time for, and so do endless pieces.
const pauses = fc.constantFrom(0, 0, 0, 1, 15);
const cuts = fc.array(fc.nat(), { maxLength: 12 });
const endings = fc.constantFrom("fin" as const, "fin" as const, "rst" as const, "none" as const);

const hostile = fc
  .tuple(bytes, cuts, pauses, endings)
  .map(([whole, places, pauseMillis, ending]): WirePlan => ({
    pieces: cut(whole, places),
    pauseMillis,
    ending,
    outcome: undefined,
  }));

// Beside the others, so that it is known that the transport still does its work among them.
const plain = fc
  .constantFrom(
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "delivered"] as const,
    ["HTTP/1.1 204 No Content\r\n\r\n", "delivered"] as const,
    ["HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", "rejected"] as const,
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "delivered"] as const,
    ["SSH-2.0-OpenSSH_9.6\r\n", "retryable"] as const,
  )
  .map(([text, outcome]): WirePlan => {
    return { pieces: [Buffer.from(text)], pauseMillis: 0, ending: "none", outcome };
  });

/** Answers on the wire, most of them hostile. */
export const wirePlans: fc.Arbitrary<WirePlan> = fc.oneof(
  { weight: 8, arbitrary: hostile },
  { weight: 2, arbitrary: plain },
);

function cut(whole: Buffer, places: readonly number[]): Buffer[] {
  const at = places.map((place) => place % (whole.length + 1)).toSorted((a, b) => a - b);
  const ends = [...at, whole.length];
  return ends.map((end, index) => whole.subarray(at[index - 1] ?? 0, end));
}
