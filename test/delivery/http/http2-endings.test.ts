import { constants, createSecureServer } from "node:http2";
import type { ServerHttp2Session, ServerHttp2Stream, Settings } from "node:http2";
import type { Socket } from "node:net";

import { describe, expect, it, onTestFinished } from "vitest";

import { captureMessage, createClient, setClient } from "../../../src/index.js";
import type { SentryClient } from "../../../src/index.js";
import { openTransport } from "./http-support.js";
import { listening, pemOf, secureDsn, sleep } from "./http-servers.js";
import { envelopeOf } from "../support.js";

const TLS = { key: pemOf("server-key"), cert: pemOf("server") };
const HTTP2 = { caCerts: pemOf("ca"), http2: true };
// Sessions of one request need a TLS handshake for each: they take nearly all of the time.
const REQUESTS = 24;

/** One request, as a server handles it. */
interface Visit {
  readonly stream: ServerHttp2Stream;
  readonly session: Pick<ServerHttp2Session, "close" | "destroy" | "goaway">;
  readonly id: number;
  /** Counts the requests of the session from 1. */
  readonly nth: number;
  /** Reads the request and takes its event. */
  process(): Promise<void>;
  answer(): void;
}

interface Http2Server {
  readonly dsn: string;
  readonly sessions: () => number;
  /** How often each event was processed. */
  readonly events: ReadonlyMap<string, number>;
}

interface Handlers {
  readonly onVisit: (visit: Visit) => Promise<void> | void;
  readonly onSession?: (session: ServerHttp2Session, socket: Socket) => void;
  readonly settings?: Settings;
}

async function eventIdIn(stream: ServerHttp2Stream): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return /"event_id":"([0-9a-f]{32})"/u.exec(Buffer.concat(chunks).toString())?.[1];
}

async function openServer({ onVisit, onSession, settings = {} }: Handlers): Promise<Http2Server> {
  const http2 = createSecureServer({ ...TLS, settings });
  const counts = new Map<object, number>();
  const events = new Map<string, number>();
  http2.on("sessionError", () => {});
  http2.on("session", (session) => {
    counts.set(session, 0);
    session.on("error", () => {});
    onSession?.(session, session.socket);
  });
  http2.on("stream", (stream: ServerHttp2Stream) => {
    const { id, session } = stream;
    if (id === undefined || session === undefined) return;
    stream.on("error", () => {});
    const nth = (counts.get(session) ?? 0) + 1;
    counts.set(session, nth);
    const visit: Visit = {
      stream,
      session,
      id,
      nth,
      async process() {
        const event = await eventIdIn(stream);
        if (event !== undefined) events.set(event, (events.get(event) ?? 0) + 1);
      },
      answer() {
        if (stream.destroyed || stream.closed) return;
        stream.respond({ ":status": 200 });
        stream.end("{}");
      },
    };
    Promise.resolve(onVisit(visit)).catch(() => {});
  });
  const server = await listening(http2);
  return { dsn: secureDsn(server), sessions: () => counts.size, events };
}

async function serve(visit: Visit): Promise<void> {
  await visit.process();
  visit.answer();
}

function openClient({ dsn }: Http2Server): SentryClient {
  const client = createClient({ dsn, transport: HTTP2, silent: true });
  setClient(client);
  onTestFinished(async () => {
    setClient(undefined);
    await client.close(100);
  });
  return client;
}

interface Tally {
  readonly lost: number;
  readonly doubled: number;
}

// Sends events all at once or one by one, and compares the ledger with what the server has.
async function tallyOf(server: Http2Server, isBurst: boolean): Promise<Tally> {
  const client = openClient(server);
  for (let count = 0; count < REQUESTS; count += 1) {
    captureMessage(`event ${count}`);
    if (!isBurst) await client.flush(20_000);
  }
  expect(await client.flush(20_000)).toBe(true);
  const { sent, dropped } = client.stats().errors;
  const processed = [...server.events.values()];
  expect({ sent, dropped }).toEqual({ sent: processed.length, dropped: {} });
  const doubled = processed.reduce((sum, times) => sum + times - 1, 0);
  return { lost: REQUESTS - processed.length, doubled };
}

const { NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = constants;
const WAYS = [
  { by: "at once", isBurst: true },
  { by: "one by one", isBurst: false },
];

// Every server here says which requests it has not seen, or answers what it has seen.
const KNOWN_OUTCOMES: Readonly<Record<string, (nth: number) => Handlers>> = {
  "ends gracefully": (last) => ({
    async onVisit(visit) {
      await serve(visit);
      if (visit.nth === last) visit.session.close();
    },
  }),
  "announces the end, and answers later": (last) => ({
    async onVisit(visit) {
      await visit.process();
      if (visit.nth === last) visit.session.goaway(NGHTTP2_NO_ERROR, visit.id);
      await sleep(visit.nth === last ? 10 : 0);
      visit.answer();
    },
  }),
  "announces the end with a high last stream, then with the true one": (last) => ({
    async onVisit(visit) {
      if (visit.nth > last) return;
      await visit.process();
      if (visit.nth === last) {
        visit.session.goaway(NGHTTP2_NO_ERROR, 2 ** 31 - 1);
        await sleep(5);
        visit.session.goaway(NGHTTP2_NO_ERROR, visit.id);
      }
      visit.answer();
    },
  }),
  "does not take the next request, and says so": (last) => ({
    async onVisit(visit) {
      if (visit.nth <= last) return serve(visit);
      if (visit.nth === last + 1) visit.session.goaway(NGHTTP2_NO_ERROR, visit.id - 2);
    },
  }),
  "breaks down at the next request, and says so": (last) => ({
    async onVisit(visit) {
      if (visit.nth <= last) return serve(visit);
      visit.session.goaway(NGHTTP2_INTERNAL_ERROR, visit.id - 2);
      visit.session.destroy();
    },
  }),
  "refuses the next stream": (last) => ({
    async onVisit(visit) {
      if (visit.nth <= last) return serve(visit);
      visit.stream.close(NGHTTP2_REFUSED_STREAM);
    },
  }),
};

describe("an HTTP/2 server that", () => {
  const kinds = Object.keys(KNOWN_OUTCOMES).flatMap((ending) =>
    [1, 3, 10].flatMap((nth) => WAYS.map((way) => ({ ending, nth, ...way }))),
  );

  it.each(kinds)(
    `$ending after $nth requests of a session gets all of ${REQUESTS} once ($by)`,
    async ({ ending, nth, isBurst }) => {
      const handlers = KNOWN_OUTCOMES[ending]?.(nth);
      if (handlers === undefined) throw new Error("no such ending");
      const server = await openServer(handlers);
      expect(await tallyOf(server, isBurst)).toEqual({ lost: 0, doubled: 0 });
    },
  );

  it.each(WAYS)("rejects every second session at once gets all once ($by)", async ({ isBurst }) => {
    let sessions = 0;
    const server = await openServer({
      onSession(session) {
        sessions += 1;
        if (sessions % 2 === 0) session.close();
      },
      onVisit: serve,
    });
    expect(await tallyOf(server, isBurst)).toEqual({ lost: 0, doubled: 0 });
  });

  it.each(WAYS)("allows one stream at a time gets all once ($by)", async ({ isBurst }) => {
    const server = await openServer({ onVisit: serve, settings: { maxConcurrentStreams: 1 } });
    expect(await tallyOf(server, isBurst)).toEqual({ lost: 0, doubled: 0 });
  });

  it.each([0, 1, 2, 7, 8, 11, 13])(
    "resets every third stream with code %i, unprocessed, gets all once",
    async (code) => {
      const server = await openServer({
        onVisit: (visit) => (visit.nth % 3 === 0 ? visit.stream.close(code) : serve(visit)),
      });
      expect(await tallyOf(server, true)).toEqual({ lost: 0, doubled: 0 });
    },
  );

  it("dies after it has processed a request gets that one twice, since the client cannot know", async () => {
    let hasDied = false;
    const server = await openServer({
      async onVisit(visit) {
        await visit.process();
        if (hasDied || visit.nth < 2) return visit.answer();
        hasDied = true;
        visit.session.destroy();
      },
    });
    expect(await tallyOf(server, true)).toEqual({ lost: 0, doubled: 1 });
  });
});

async function attempt(onVisit: Handlers["onVisit"]): Promise<unknown> {
  const { dsn } = await openServer({ onVisit });
  return openTransport(dsn, HTTP2).send(envelopeOf());
}

describe("one attempt over HTTP/2", () => {
  it("counts as not made if the server refuses the stream, and is repeated without a budget", async () => {
    const result = await attempt(({ stream }) => stream.close(NGHTTP2_REFUSED_STREAM));
    expect(result).toMatchObject({ outcome: "retryable", phase: "connect" });
  });

  it("may have arrived where the stream is reset otherwise, or all streams end by GOAWAY with that code", async () => {
    const reset = await attempt(({ stream }) => stream.close(NGHTTP2_INTERNAL_ERROR));
    expect(reset).toMatchObject({ outcome: "retryable", phase: "answer" });
    const ended = await attempt(({ id, session }) => {
      session.goaway(NGHTTP2_REFUSED_STREAM, id);
      session.destroy();
    });
    expect(ended).toMatchObject({ outcome: "retryable", phase: "answer" });
  });

  it("is a refusal where a client certificate is missing", async () => {
    const asking = { ca: pemOf("ca"), requestCert: true, rejectUnauthorized: true } as const;
    const server = await listening(createSecureServer({ ...TLS, ...asking }));
    const result = await openTransport(secureDsn(server), HTTP2).send(envelopeOf());
    expect(result).toMatchObject({ outcome: "retryable", phase: "refused" });
  });

  it("that is answered before its body was read is delivered, also where the stream is reset then", async () => {
    const result = await attempt(({ stream }) => {
      stream.respond({ ":status": 200 });
      stream.end();
      stream.close(NGHTTP2_NO_ERROR);
    });
    expect(result).toMatchObject({ outcome: "delivered" });
  });
});
