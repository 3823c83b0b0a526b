import { connect } from "node:net";

import { describe, expect, it } from "vitest";

import { runInbox } from "../../src/cli/run-inbox.js";
import { fakeTerminal } from "./fake-terminal.js";
import type { FakeTerminal } from "./fake-terminal.js";

const ESC = "\u{1B}";

/** Texts that would write to the terminal, its title, its clipboard or other lines, or reorder what is shown. */
const HOSTILE: Readonly<Record<string, string>> = {
  "an erased screen": `${ESC}[2J${ESC}[H`,
  "a private mode": `${ESC}[?1049h${ESC}[?25l`,
  "a title": `${ESC}]0;owned\u{7}`,
  "a link": `${ESC}]8;;https://evil.example${ESC}\\here${ESC}]8;;${ESC}\\`,
  "the clipboard": `${ESC}]52;c;b3duZWQ=\u{7}`,
  "a string of the device": `${ESC}P1$tx${ESC}\\${ESC}_x${ESC}\\${ESC}^x${ESC}\\`,
  "C1 controls": "\u{9B}2J\u{9D}0;owned\u{9C}\u{90}x\u{9C}\u{85}",
  "other controls": "\0\u{7}\b\t\v\f\u{E}\u{F}\u{18}\u{1A}\u{7F}",
  lines: "a\nb\r\nc\rd\u{2028}e\u{2029}f",
  "another direction": "\u{202E}gnp.exe\u{202C}\u{2066}x\u{2069}\u{200F}\u{61C}",
  "invisible characters": "a\u{200B}b\u{FEFF}c\u{AD}d\u{E0041}",
};

const TRACE = { trace_id: "a".repeat(32), span_id: "b".repeat(16) };

function itemsOf(text: string): readonly (readonly [string, unknown])[] {
  const now = Date.now() / 1000;
  const record = { [text]: text, nested: { [text]: [text] } };
  const exception = {
    type: text,
    value: text,
    module: text,
    mechanism: { type: text, handled: false },
    stacktrace: {
      frames: [{ filename: text, function: text, lineno: 1, context_line: text, in_app: true }],
    },
  };
  const event = {
    release: text,
    environment: text,
    server_name: text,
    transaction: text,
    level: text,
    message: text,
    logger: text,
    tags: record,
    user: record,
    extra: record,
    contexts: { trace: { ...TRACE, op: text, status: text, data: record }, [text]: record },
    request: { url: text, method: text, headers: record },
    breadcrumbs: { values: [{ timestamp: now, category: text, message: text, data: record }] },
  };
  const span = { ...TRACE, span_id: "c".repeat(16), parent_span_id: TRACE.span_id };
  const spanFields = { op: text, description: text, status: text, origin: text, data: record };
  const times = { start_timestamp: now, timestamp: now + 1 };
  const attribute = { type: "string", value: text };
  return [
    ["event", { ...event, exception: { values: [exception, exception] } }],
    ["event", { ...event, logentry: { message: text, params: [text] } }],
    [
      "transaction",
      { ...event, type: "transaction", ...times, spans: [{ ...span, ...spanFields, ...times }] },
    ],
    [
      "log",
      { items: [{ timestamp: now, level: text, body: text, attributes: { [text]: attribute } }] },
    ],
    [
      "trace_metric",
      { items: [{ timestamp: now, type: "gauge", name: text, unit: text, value: 1 }] },
    ],
    ["check_in", { check_in_id: text, monitor_slug: text, status: text, environment: text }],
    ["client_report", { discarded_events: [{ reason: text, category: text, quantity: 1 }] }],
    ["feedback", { contexts: { feedback: { message: text, name: text, contact_email: text } } }],
    [text, { text }],
    ["log", text],
  ];
}

function envelopeOf(text: string): string {
  const items = itemsOf(text).flatMap(([type, item], index) => {
    const id = String(index).padStart(32, "0");
    const payload = JSON.stringify(typeof item === "object" ? { event_id: id, ...item } : item);
    return [JSON.stringify({ type, length: Buffer.byteLength(payload) }), payload];
  });
  return [JSON.stringify({ sdk: { name: text, version: text }, [text]: text }), ...items, ""].join(
    "\n",
  );
}

/** Runs the command with a terminal, until `visit` has ended. */
async function visited(
  terminal: FakeTerminal,
  visit: (port: number) => Promise<void>,
): Promise<void> {
  const whenListening = async ({ port }: { port: number }) => {
    await visit(port);
    return { lines: [], ends: true };
  };
  expect(await runInbox({ port: "0", whenListening }, terminal)).toBe(0);
}

const post = (port: number, body: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`http://127.0.0.1:${port}/api/1/envelope/`, { method: "POST", body, headers });

// What a terminal would not show as a character of its line; only the command itself writes styles.
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/u;
const STYLE = new RegExp(`${ESC}\\[\\d*m`, "g");

describe("the command `inbox` prints no received text that controls the terminal", () => {
  it.each(Object.entries(HOSTILE))("%s", async (_what, text) => {
    for (const hasColours of [false, true]) {
      const terminal = fakeTerminal(hasColours);
      await visited(terminal, async (port) => {
        expect((await post(port, envelopeOf(`x${text}y`))).status).toBe(200);
        expect((await post(port, `x${text}y`)).status).toBe(400);
      });
      const lines = [...terminal.printed, ...terminal.complaints];
      expect(lines.length).toBeGreaterThan(15);
      const shown = lines.map((line) => (hasColours ? line.replaceAll(STYLE, "") : line));
      expect(shown.filter((line) => UNSAFE.test(line))).toEqual([]);
    }
  });
});

/**
 * Sends bytes over a connection; resolves to the answer once the server has closed it, or after a second without more of it.
 * `isAwaited`: waits as long as a busy machine needs for the beginning of the answer.
 */
function raw(port: number, text: string, isAwaited: boolean): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => void socket.write(text, "latin1"));
    socket.setTimeout(isAwaited ? 60_000 : 1000, () => socket.destroy());
    socket.setEncoding("latin1").on("data", (part: string) => {
      answer += part;
      socket.setTimeout(1000);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}

describe("the command `inbox` keeps running", () => {
  const head = "POST /api/1/envelope/ HTTP/1.1\r\nHost: localhost\r\n";
  it.each<[string, string, RegExp]>([
    ["an invalid request line", "\u{0}\u{1}\u{2}\r\n\r\n", /^HTTP\/1\.1 400/],
    ["TLS", "\u{16}\u{3}\u{1}\u{0}\u{5}hello", /^(?:HTTP\/1\.1 400|$)/],
    ["large headers", `${head}x: ${"a".repeat(100_000)}\r\n\r\n`, /^HTTP\/1\.1 431/],
    ["many headers", head + "a: b\r\n".repeat(5000) + "\r\n", /^HTTP\/1\.1 4/],
    ["a body that ends early", `${head}Content-Length: 100\r\n\r\nshort`, /^$/],
    ["a negative length", `${head}Content-Length: -1\r\n\r\n`, /^HTTP\/1\.1 400/],
    ["two lengths", `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`, /^HTTP\/1\.1 400/],
    [
      "a length and chunks",
      `${head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400/,
    ],
    [
      "invalid chunks",
      `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n0\r\n\r\n`,
      /^(?:HTTP\/1\.1 400|$)/,
    ],
    ["a split header", `${head}X: a\rSet-Cookie: b\r\n\r\n`, /^HTTP\/1\.1 400/],
    [
      "an unknown encoding",
      `${head}Content-Encoding: ${ESC}[2J\r\nContent-Length: 2\r\n\r\n{}`,
      /^HTTP\/1\.1 4/,
    ],
    [
      "bytes that are not gzip",
      `${head}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}`,
      /^HTTP\/1\.1 400/,
    ],
    [
      "another origin",
      `${head}Origin: https://evil.example\r\nContent-Length: 2\r\n\r\n{}`,
      /^HTTP\/1\.1 403/,
    ],
    ["no host", "GET / HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400/],
    ["another host", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", /^HTTP\/1\.1 403/],
    [
      "an absolute target",
      "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
      /^HTTP\/1\.1 4/,
    ],
    [
      "a tunnel",
      "CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
      /^(?:HTTP\/1\.1 4|$)/,
    ],
    [
      "an upgrade",
      "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
      /^HTTP\/1\.1 /,
    ],
    [
      "a thousand requests at once",
      "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000),
      /^HTTP\/1\.1 404/,
    ],
  ])("when it is sent %s", async (_what, text, answer) => {
    const terminal = fakeTerminal();
    await visited(terminal, async (port) => {
      expect(await raw(port, text, !answer.test(""))).toMatch(answer);
      expect((await post(port, envelopeOf("after"))).status).toBe(200);
    });
    expect(terminal.printed.join("\n")).toContain("after");
    expect(
      [...terminal.printed, ...terminal.complaints].filter((line) => UNSAFE.test(line)),
    ).toEqual([]);
  });

  it("while a hundred connections send a byte now and then", async () => {
    const terminal = fakeTerminal();
    await visited(terminal, async (port) => {
      const sockets = Array.from({ length: 100 }, () => connect(port, "127.0.0.1"));
      for (const socket of sockets) socket.on("error", () => undefined).write(head);
      expect((await post(port, envelopeOf("meanwhile"))).status).toBe(200);
      for (const socket of sockets) socket.write("x");
    });
    expect(terminal.printed.join("\n")).toContain("meanwhile");
  });
});
