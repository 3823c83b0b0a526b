import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { createHash } from "node:crypto";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { startInboxServer } from "../../src/inbox/inbox-server.js";
import type { InboxServer } from "../../src/inbox/inbox-server.js";
import { Inbox } from "../../src/inbox/inbox.js";
import { transactionOf } from "../cli/trace-kit.js";
import { envelopeOf, envelopeText } from "./order.js";

const TRANSACTION = [
  "transaction",
  transactionOf({ id: "r", name: "GET /", from: 1, to: 2 }),
] as const;

let inbox: Inbox;
let server: InboxServer;
beforeEach(async () => {
  inbox = new Inbox();
  server = await startInboxServer(inbox, 0);
});
afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function send(
  path: string,
  { method = "GET", headers = {}, body = "" }: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { port: server.port, host: "127.0.0.1", path, method, headers },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
          // The stream of events does not end by itself.
          if (path === "/events") response.destroy();
        });
        response.on("close", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

function hashOf(text: string = ""): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

async function ingestStatus(origin: string): Promise<number> {
  const body = envelopeText([TRANSACTION]);
  return (await send("/stream", { method: "POST", body, headers: { origin } })).status;
}

describe("the inbox's page and data", () => {
  const paths = ["/", "/events", "/data/about", "/data/tallies", "/data/traces/x", "/anything"];
  const hosts = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:8970",
    "[::2]",
    "a@localhost",
    "192.168.0.1",
  ];

  it.each(hosts)("are refused to the host %j", async (host) => {
    for (const path of paths) {
      expect((await send(path, { headers: { host } })).status).toBe(403);
    }
  });

  it.each(["https://evil.example", "null", "http://localhost:1", "https://localhost"])(
    "are refused to the origin %j",
    async (origin) => {
      for (const path of paths) {
        expect((await send(path, { headers: { origin } })).status).toBe(403);
      }
      inbox.receive(envelopeOf([TRANSACTION]));
      const cleared = await send("/data/clear", { method: "POST", headers: { origin } });
      expect([cleared.status, inbox.summaries().length]).toEqual([403, 1]);
    },
  );

  it("are refused to requests that a browser says come from another site, but for links", async () => {
    const headers = { "sec-fetch-site": "cross-site" };

    expect((await send("/data/tallies", { headers })).status).toBe(403);
    expect(
      (await send("/", { headers: { ...headers, "sec-fetch-mode": "navigate" } })).status,
    ).toBe(200);
  });

  it.each(["127.0.0.1", "localhost", "localhost:9000", "[::1]:80"])(
    "are served to the host %s",
    async (host) => {
      const headers = { host, origin: `http://${host}`, "sec-fetch-site": "same-origin" };

      expect((await send("/", { headers })).status).toBe(200);
      expect((await send("/events", { headers })).status).toBe(200);
    },
  );

  it("are one document below 60 kB, under a policy with the hashes of its script and its style", async () => {
    const { headers, body } = await send("/");
    const policy = String(headers["content-security-policy"]);

    expect(Buffer.byteLength(body)).toBeLessThan(60_000);
    expect(policy).toContain(
      `script-src ${hashOf(/<script[^>]*>(.*?)<\/script>/s.exec(body)?.[1])};`,
    );
    expect(policy).toContain(`style-src ${hashOf(/<style>(.*?)<\/style>/s.exec(body)?.[1])};`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(body.match(/<script/g)).toHaveLength(1);
    expect(body).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?:\/\/|\sstyle="|\son\w+="/,
    );
  });

  it("has no path into its folder", async () => {
    for (const path of [
      "/page.html",
      "/../page-file.js",
      "/data/traces/%2e%2e%2fpage.html",
      "/data/traces/%E0%A4%A",
    ]) {
      expect((await send(path)).status).toBe(404);
    }
  });

  it("take 20 pages that watch, and no more", async () => {
    const controller = new AbortController();
    const open = await Promise.all(
      Array.from({ length: 20 }, () => fetch(`${server.url}events`, { signal: controller.signal })),
    );
    const late = await fetch(`${server.url}events`);
    controller.abort();

    expect([new Set(open.map(({ status }) => status)), late.status]).toEqual([new Set([200]), 503]);
  });
});

describe("the inbox's ingest endpoint", () => {
  const body = envelopeText([TRANSACTION]);

  it.each(["/api/1/envelope/", "/api/42/envelope/?sentry_key=any", "/stream", "/tunnel"])(
    "takes envelopes at %s",
    async (path) => {
      expect((await send(path, { method: "POST", body })).status).toBe(200);
      expect(inbox.summaries().map(({ name }) => name)).toEqual(["GET /"]);
    },
  );

  it("takes them without an Origin and from local pages, and not from those of other sites", async () => {
    expect([
      await ingestStatus("http://localhost:5173"),
      await ingestStatus("https://evil.example"),
      await ingestStatus("null"),
    ]).toEqual([200, 403, 403]);
  });

  it("lets pages on this machine read its answers and send headers of their own, and no others", async () => {
    const asked = {
      "access-control-request-method": "POST",
      "access-control-request-headers": "x-a",
    };
    const headersFor = async (method: string, origin: string): Promise<unknown[]> => {
      const { status, headers } = await send("/api/1/envelope/", {
        method,
        body: method === "POST" ? body : "",
        headers: method === "POST" ? { origin } : { origin, ...asked },
      });
      return [
        status,
        headers["access-control-allow-origin"],
        headers["access-control-allow-headers"],
      ];
    };
    const page = "http://localhost:5173";

    expect(await headersFor("POST", page)).toEqual([200, page, undefined]);
    expect(await headersFor("OPTIONS", page)).toEqual([204, page, "x-a"]);
    for (const method of ["POST", "OPTIONS"])
      expect(await headersFor(method, "https://evil.example")).toEqual([403, undefined, undefined]);
    expect(inbox.summaries()).toHaveLength(1);
  });

  it("answers 400 to a malformed envelope, lists the refusal, and keeps running", async () => {
    expect(
      (await send("/api/1/envelope/", { method: "POST", body: "\u{1B}[2Jnonsense" })).status,
    ).toBe(400);
    expect(
      (
        await send("/api/1/envelope/", {
          method: "POST",
          body,
          headers: { "content-encoding": "rot13" },
        })
      ).status,
    ).toBe(415);

    expect(inbox.tallies().refusals).toHaveLength(2);
    expect(inbox.tallies().refusals.join("")).not.toContain("\u{1B}");
    expect((await send("/api/1/envelope/", { method: "POST", body })).status).toBe(200);
  });
});
