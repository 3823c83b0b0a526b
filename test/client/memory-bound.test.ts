import type { Span } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  captureCheckIn,
  captureException,
  captureMessage,
  logger,
  metrics,
} from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import type { SendResult } from "../../src/delivery/transport.js";
import type { DiscardCounts } from "../../src/client-reports/ledger.js";
import { assertAccounted, createMemoryTransport } from "../../src/testing/testing.js";
import { inSequence } from "../delivery/in-sequence.js";
import { startBridge } from "./bridge.js";
import type { Bridge } from "./bridge.js";
import { times } from "../property/runs.js";

const DELIVERED: SendResult = {
  outcome: "delivered",
  statusCode: 200,
  limits: { rateLimits: undefined, retryAfter: undefined },
};

/** A server that answers nothing until it is back. */
interface AwayServer {
  readonly options: ClientOptions;
  /** Answers one request, or all requests from now on. */
  answer(): void;
  comeBack(): void;
}

function awayServer(): AwayServer {
  const open: (() => void)[] = [];
  let isBack = false;
  const transport = createMemoryTransport({
    respond: () =>
      isBack
        ? DELIVERED
        : new Promise<SendResult>((resolve) => open.push(() => resolve(DELIVERED))),
  });
  return {
    options: { transport },
    answer: () => open.shift()?.(),
    comeBack() {
      isBack = true;
      for (const each of open.splice(0)) each();
    },
  };
}

/** A pipeline that sends to a server that is away; it is back at the end of the test. */
function startAway(options: ClientOptions): Bridge & { readonly server: AwayServer } {
  const server = awayServer();
  const bridge = startBridge(
    { enableLogs: true, enableMetrics: true, ...server.options, ...options },
    { leavesOpen: true },
  );
  return { ...bridge, server };
}

function droppedOf({ client }: Bridge): DiscardCounts {
  return client.core.ledger.snapshot();
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Work of an application, by the kind of step. `size` is the length of a text, `at` picks an open span. */
class Application {
  readonly logged = { log_item: 0, trace_metric: 0 };
  readonly #bridge: ReturnType<typeof startAway>;
  readonly #open: Span[] = [];
  readonly #hooks: (() => void)[] = [];

  constructor(maxBufferedBytes: number) {
    this.#bridge = startAway({
      maxBufferedBytes,
      beforeSend: (event) =>
        event.message === "slow"
          ? new Promise((resolve) => this.#hooks.push(() => resolve(event)))
          : event,
    });
  }

  get client(): Bridge["client"] {
    return this.#bridge.client;
  }

  async take({ kind, size, at }: Step): Promise<void> {
    const text = "x".repeat(size);
    const index = at % Math.max(1, this.#open.length);
    const steps: Record<Kind, () => unknown> = {
      root: () => this.#open.push(this.#bridge.tracer.startSpan("root", { attributes: { text } })),
      child: () => this.#child(this.#open[index], text),
      end: () => this.#open.splice(index, 1)[0]?.end(),
      log: () => this.#log(text),
      metric: () => this.#metric(),
      error: () => captureException(new Error(text)),
      "check-in": () => captureCheckIn({ monitorSlug: "job", status: "ok" }),
      "slow hook": () => captureMessage("slow", { extra: { text } }),
      answer: () => this.#bridge.server.answer(),
      turn,
    };
    await steps[kind]();
  }

  /** Ends all spans and hooks, and sends everything. */
  async finish(): Promise<void> {
    for (const span of this.#open) span.end();
    for (const resume of this.#hooks) resume();
    this.#bridge.server.comeBack();
    await this.client.flush();
  }

  #child(parent: Span | undefined, text: string): void {
    if (parent !== undefined) this.#bridge.child(parent, "child", { attributes: { text } }).end();
  }

  #log(text: string): void {
    logger.info(text);
    this.logged.log_item += 1;
  }

  #metric(): void {
    metrics.count("count");
    this.logged.trace_metric += 1;
  }
}

const KINDS = [
  "root",
  "child",
  "end",
  "log",
  "metric",
  "error",
  "check-in",
  "slow hook",
  "answer",
  "turn",
] as const;
type Kind = (typeof KINDS)[number];

const step = fc.record({
  kind: fc.constantFrom(...KINDS),
  size: fc.nat(3000),
  at: fc.nat(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe("what a client holds in memory, all together", () => {
  it("stays within `maxBufferedBytes`, and nothing is lost without being counted", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 20, maxLength: 200 }),
        fc.integer({ min: 8000, max: 100_000 }),
        async (steps, maxBufferedBytes) => {
          const application = new Application(maxBufferedBytes);
          const { client, logged } = application;
          await inSequence(steps, async (next) => {
            await application.take(next);
            expect(client.stats().bufferedBytes).toBeLessThanOrEqual(maxBufferedBytes);
            assertAccounted(client);
          });
          await application.finish();
          const { bufferedBytes, byCategory } = client.stats();
          expect(bufferedBytes).toBe(0);
          assertAccounted(client);
          for (const category of ["log_item", "trace_metric"] as const)
            expect(byCategory[category]?.captured ?? 0).toBe(logged[category]);
        },
      ),
      times(200),
    );
  });

  it("loses transactions, logs and open spans before it loses an error or a check-in", async () => {
    const bridge = startAway({ maxBufferedBytes: 300_000 });
    const { client, server, tracer } = bridge;
    const open = tracer.startSpan("open");
    const text = "x".repeat(1000);
    for (let count = 0; count < 150; count += 1) {
      tracer.startSpan("queued", { attributes: { text } }).end();
      logger.info(text);
      bridge.child(open, "waiting", { attributes: { text } }).end();
      if (count % 10 === 0) await turn();
    }
    for (let count = 0; count < 40; count += 1) {
      captureException(new Error(`e${count}`));
      captureCheckIn({ monitorSlug: "job", status: "ok" });
    }
    const { error, monitor, ...others } = droppedOf(bridge);
    expect({ error, monitor }).toEqual({});
    expect(Object.keys(others)).toEqual(
      expect.arrayContaining(["log_byte", "log_item", "span", "transaction"]),
    );
    server.comeBack();
    await client.flush();
    expect(client.stats().byCategory).toMatchObject({ error: { sent: 40 }, monitor: { sent: 40 } });
  });

  it("drops the spans of open segments when errors need the room, and says so once", async () => {
    const bridge = startAway({ maxBufferedBytes: 60_000 });
    const open = bridge.tracer.startSpan("open");
    for (let count = 0; count < 20; count += 1)
      bridge.child(open, "waiting", { attributes: { text: "x".repeat(1000) } }).end();
    for (let count = 0; count < 60; count += 1) captureException(new Error(`e${count}`));
    const { span, error } = droppedOf(bridge);
    expect(span).toEqual({ buffer_overflow: 20 });
    expect(Object.keys(error ?? {})).toEqual(["queue_overflow"]);
    const said = bridge.warnings.filter((text) => text.includes("`maxBufferedBytes` is reached"));
    expect(said).toHaveLength(1);
    bridge.server.comeBack();
    await bridge.client.flush();
  });

  it("is bounded where one root stays open: its spans are sent early, and it says so once", async () => {
    const bridge = startBridge({ maxBufferedBytes: 50_000 }, { leavesOpen: true });
    const open = bridge.tracer.startSpan("open");
    let most = 0;
    for (let count = 0; count < 300; count += 1) {
      bridge.child(open, "child", { attributes: { text: "x".repeat(500) } }).end();
      most = Math.max(most, bridge.client.stats().bufferedBytes);
      if (count % 10 === 0) await turn();
    }
    expect(most).toBeLessThan(50_000);
    await bridge.client.flush();
    expect(bridge.client.stats().spans).toMatchObject({ sent: 300, dropped: {} });
    expect(bridge.warnings.filter((text) => text.includes("sent early"))).toHaveLength(1);
  });

  it("counts an event that waits for a hook by the size of all its data", async () => {
    const hooks: (() => void)[] = [];
    const bridge = startBridge({
      maxBufferedBytes: 100_000,
      beforeSend: (event) => new Promise((resolve) => hooks.push(() => resolve(event))),
    });
    for (let count = 0; count < 50; count += 1)
      captureMessage("slow", { extra: { text: "x".repeat(5000) } });
    expect(bridge.client.stats().bufferedBytes).toBeGreaterThan(45_000);
    expect(bridge.client.stats().bufferedBytes).toBeLessThan(60_000);
    expect(hooks.length).toBeLessThan(12);
    expect(droppedOf(bridge).error).toEqual({ queue_overflow: 50 - hooks.length });
    for (const resume of hooks) resume();
    await bridge.client.flush();
    expect(bridge.client.stats().bufferedBytes).toBe(0);
  });
});
