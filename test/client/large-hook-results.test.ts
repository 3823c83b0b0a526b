import { describe, expect, it } from "vitest";

import { captureException } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import type { ReceivedError, ReceivedTransaction } from "../../src/testing/received.js";
import { startBridge } from "./bridge.js";

const rows = (count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({ index, name: "n" }));

interface Sent {
  readonly error: ReceivedError | undefined;
  readonly transaction: ReceivedTransaction | undefined;
  readonly spans: unknown;
}

async function sentWith(options: ClientOptions, spans: number): Promise<Sent> {
  const bridge = startBridge(options);
  const root = bridge.tracer.startSpan("root");
  for (let count = 0; count < spans; count++) bridge.child(root).end();
  root.end();
  captureException(new Error("failed"));
  const [transaction] = await bridge.flushed();
  const [error] = bridge.transport.errors();
  return { error, transaction, spans: bridge.client.stats().spans.sent };
}

const ADD: Record<string, (event: { contexts: object }) => object> = {
  "extra in front": (event) => ({ extra: { rows: rows(20_000) }, ...event }),
  "a context in front": (event) => ({
    ...event,
    contexts: { state: { rows: rows(20_000) }, ...event.contexts },
  }),
  "an unknown property in front": (event) => ({ rows: rows(20_000), ...event }),
  "breadcrumbs in front": (event) => ({ breadcrumbs: rows(20_000), ...event }),
};

describe("a hook that adds more data than is sent", () => {
  it.each(Object.entries(ADD))("as %s leaves the event whole", async (_name, add) => {
    const hook = add as never;
    const { error, transaction } = await sentWith(
      { beforeSend: hook, beforeSendTransaction: hook },
      3,
    );
    expect(error).toMatchObject({
      event_id: expect.stringMatching(/^[\da-f]{32}$/),
      timestamp: expect.any(Number),
      exception: { values: [{ type: "Error", value: "failed" }] },
      contexts: { trace: { trace_id: expect.any(String) } },
    });
    expect(transaction).toMatchObject({
      transaction: "root",
      contexts: { trace: { trace_id: expect.any(String) } },
    });
    expect(transaction?.spans).toHaveLength(3);
  });

  it.each([
    [2, { rows: rows(20_000) }],
    [20, { rows: rows(400) }],
    [300, { body: "x".repeat(8000) }],
  ])(
    "to each of %d spans leaves all of them, with their times and parents",
    async (count, more) => {
      const beforeSendSpan = ((span: { data: object }) => ({
        ...span,
        data: { ...more, ...span.data },
      })) as never;
      const { transaction, spans } = await sentWith({ beforeSendSpan }, count);
      expect(transaction?.spans).toHaveLength(count);
      const whole = transaction?.spans.filter(
        (span) => span.parent_span_id !== undefined && span.timestamp > 0 && span.span_id !== "",
      );
      expect(whole).toHaveLength(count);
      expect(transaction?.contexts.trace?.trace_id).toMatch(/^[\da-f]{32}$/);
      expect(spans).toBe(count + 1);
    },
  );
});

it("a property that a hook sets to undefined is left out, at each level", async () => {
  const beforeSend = ((event: { contexts: object }) => ({
    ...event,
    dist: undefined,
    contexts: { ...event.contexts, state: undefined },
  })) as never;
  const { error } = await sentWith({ dist: "7", beforeSend }, 0);
  expect(error).not.toHaveProperty("dist");
  expect(error?.contexts).not.toHaveProperty("state");
});
