import { describe, expect, it } from "vitest";

import {
  addBreadcrumb,
  captureException,
  captureMessage,
  close,
  flush,
  logger,
} from "../../src/index.js";
import type { SendResult, Transport } from "../../src/index.js";
import { DELIVERED, DSN, FAILED, startBridge } from "./bridge.js";

/** A value that captures a message each time that it is read. */
function capturing(): { readonly value: object; readonly reads: () => number } {
  let reads = 0;
  const capture = (): string => {
    reads += 1;
    if (reads < 100) captureMessage("of a value", { extra: { plain: 1 } });
    return "read";
  };
  const value = {
    get text() {
      return capture();
    },
    inner: { toJSON: capture },
  };
  return { value, reads: () => reads };
}

/** A pattern whose own `exec` captures an error, which would be tested against the pattern in turn. */
function capturingPattern(flags = ""): RegExp {
  let depth = 0;
  return Object.assign(new RegExp("noise", flags), {
    exec: () => {
      depth += 1;
      if (depth < 100) captureException(new Error(`of exec ${depth}`));
      depth -= 1;
      return null;
    },
  });
}

describe("a transport that throws, captures and flushes in each send", () => {
  it.each<[string, () => Promise<SendResult>]>([
    [
      "throws at once",
      () => {
        throw new Error("transport");
      },
    ],
    ["rejects", () => Promise.reject(new Error("transport"))],
    ["waits for a flush", () => flush(50).then(() => DELIVERED)],
    ["closes the client", () => close(50).then(() => DELIVERED)],
    ["says that it failed", () => Promise.resolve(FAILED)],
  ])("comes to an end: %s", async (_what, result) => {
    let sends = 0;
    const transport: Transport = {
      send: () => {
        sends += 1;
        captureMessage("of the transport");
        void flush(50);
        return result();
      },
      close: () => Promise.resolve(),
    };
    const { client } = startBridge({ dsn: DSN, transport, shutdownTimeoutMillis: 200 });

    captureMessage("first");
    captureMessage("second");
    await client.close(200);

    expect(sends).toBeLessThan(10);
    const { captured, sent, queued, dropped } = client.stats().errors;
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    expect(sent + queued + lost).toBe(captured);
  });
});

describe("a hook that flushes or closes", () => {
  it.each([
    ["flush", () => flush(50)],
    ["close", () => close(50)],
  ])("does not wait for itself: %s", async (_what, end) => {
    let calls = 0;
    const { client } = startBridge({
      shutdownTimeoutMillis: 200,
      beforeSend: async (event) => {
        calls += 1;
        await end();
        return event;
      },
    });

    captureMessage("first");
    await client.flush(1000);
    await client.close(1000);

    expect(calls).toBe(1);
    const { captured, sent, dropped } = client.stats().errors;
    expect(sent + Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(captured);
  });
});

describe("a value that captures as it is read", () => {
  it("is read a few times, and each capture is accounted for", async () => {
    const { client } = startBridge();
    const { value, reads } = capturing();

    captureException(new Error("first"), { extra: value, tags: value as never });
    captureMessage("second", { user: value as never, contexts: { value: value } });
    logger.info("third", value);
    addBreadcrumb({ message: "fourth", data: value });
    await client.flush();

    expect(reads()).toBeGreaterThan(0);
    expect(reads()).toBeLessThan(30);
    expect(client.stats().errors).toMatchObject({ captured: 2 + reads(), sent: 2 + reads() });
  });
});

describe("a regular expression of an option", () => {
  it("runs no code of the application", async () => {
    const patterns = [capturingPattern(), capturingPattern("gy")];
    const { client, tracer } = startBridge({
      ignoreErrors: patterns,
      ignoreTransactions: patterns,
      ignoreSpans: [
        ...patterns,
        { name: capturingPattern(), attributes: { key: capturingPattern() } },
      ],
      tracePropagationTargets: patterns,
    });

    captureException(new Error("first"));
    captureException(new Error("the noise"));
    tracer.startSpan("work", { attributes: { key: "value" } }).end();
    tracer.startSpan("with noise").end();
    await client.flush();

    expect(client.stats().errors).toMatchObject({ captured: 2, sent: 1 });
    expect(client.stats().transactions).toMatchObject({ sent: 1 });
  });
});
