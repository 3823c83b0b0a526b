import { SpanStatusCode, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it, onTestFinished } from "vitest";

import {
  SentrySpanProcessor,
  captureEvent,
  captureException,
  captureFeedback,
  captureMessage,
  createClient,
  getCurrentScope,
  getTraceHeaders,
  metrics,
  setClient,
  withIsolationScope,
  withMonitor,
} from "../../src/index.js";
import { startRecordingServer } from "./recording-server.js";

const S = "S3CRET77";

/** Texts that hold a secret, and one word that is none. */
const TEXTS = [
  `GET https://me:${S}@h/kept`,
  `kept {"password":"${S}"}`,
  `kept Authorization: Bearer ${S}abcdef123456`,
  `DB_PASSWORD=${S} kept`,
  `kept: curl -u me:${S} h`,
  `kept <password>${S}</password>`,
];

/** What is sent with a text of the application's in it. */
const PLACES: Readonly<Record<string, (text: string) => void>> = {
  "the name of a root span": (text) => trace.getTracer("t").startSpan(text).end(),
  "the name of a child span": (text) =>
    trace.getTracer("t").startActiveSpan("root", (root) => {
      trace.getTracer("t").startSpan(text).end();
      root.end();
    }),
  "the sampling context of an error": (text) =>
    trace.getTracer("t").startActiveSpan(text, (root) => {
      captureMessage("within");
      captureMessage(JSON.stringify(getTraceHeaders()));
      root.setStatus({ code: SpanStatusCode.ERROR });
      root.end();
    }),
  "the name of a monitor's run": (text) => void withMonitor(text, () => "done"),
  "the name of an error": (text) =>
    captureException(Object.assign(new Error("failed"), { name: text })),
  "the name of a function": (text) =>
    captureException(
      Object.assign(new Error("failed"), { stack: `Error: failed\n    at ${text} (/app.js:1:2)` }),
    ),
  "a fingerprint": (text) => {
    getCurrentScope().setFingerprint([text]);
    captureMessage("grouped");
  },
  "members of an event of one's own": (text) =>
    captureEvent({ message: "own", server_name: text, logger: text, fingerprint: [text] }),
  "variables of a frame": (text) =>
    captureEvent({
      exception: { values: [{ type: text, stacktrace: { frames: [{ vars: { text } }] } }] },
    } as never),
  "an unknown member": (text) =>
    captureEvent({ threads: { values: [{ name: "main", note: text }] } } as never),
  "an attachment's name": (text) => {
    getCurrentScope().addAttachment({ filename: text, data: "x", contentType: text });
    captureMessage("attached");
  },
  "the URL of feedback": (text) => void captureFeedback({ message: "hello", url: text }),
  "a metric's name": (text) => metrics.count(text, 1),
};

async function sentBy(write: () => void): Promise<string> {
  const { dsn, received } = await startRecordingServer();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const client = createClient({ dsn, enableMetrics: true, silent: true });
  setClient(client);
  const provider = new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor(client)] });
  trace.setGlobalTracerProvider(provider);
  onTestFinished(async () => {
    await client.close();
    setClient(undefined);
    trace.disable();
    context.disable();
  });
  write();
  await provider.forceFlush();
  return received();
}

describe("secrets in texts that name something", () => {
  it.each(Object.entries(PLACES))("are not sent: %s", async (_place, write) => {
    const sent = await sentBy(() => {
      for (const text of TEXTS) withIsolationScope(() => write(text));
    });
    expect(sent).not.toContain(S);
    expect(sent.split("kept").length).toBeGreaterThan(TEXTS.length);
  });
});

describe("an event of the application's own", () => {
  it("is sent without secrets in the query, also as pairs, and in variables of frames", async () => {
    const vars = { password: S, page: "kept-vars" };
    const sent = await sentBy(() => {
      for (const query_string of [
        [
          ["token", S],
          ["page", "kept-pair"],
        ],
        { token: S },
        `token=${S}`,
      ])
        captureEvent({ message: "own", request: { url: "https://h/", query_string } });
      captureEvent({
        exception: { values: [{ type: "E", stacktrace: { frames: [{ vars }] } }] },
      } as never);
    });
    expect(sent).not.toContain(S);
    expect(sent).toContain("kept-pair");
    expect(sent).toContain("kept-vars");
  });

  it("keeps source lines as they are", async () => {
    const line = 'const password = "in the source";';
    const frame = { vars: { token: S }, context_line: line, pre_context: [line] };
    const sent = await sentBy(() =>
      captureEvent({
        exception: { values: [{ type: "E", stacktrace: { frames: [frame] } }] },
      } as never),
    );
    expect(sent).not.toContain(S);
    expect(sent.split(line).length).toBeGreaterThan(2);
  });
});
