import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import {
  SentrySpanProcessor,
  addBreadcrumb,
  captureException,
  createClient,
  setClient,
  setTag,
  withIsolationScope,
} from "otel-sentry-bridge";

/** @typedef {import("./random.mjs").Random} Random */

const TICK_MILLIS = 25;
const ERROR_SHARE = 0.15;

// Captures that a blocked event loop has put off are made up for, up to so many.
const MAX_BACKLOG = 50;

// Spans of a transaction: the share that has at most so many.
const SIZES = [
  { share: 0.7, most: 10 },
  { share: 0.22, most: 100 },
  { share: 0.06, most: 600 },
  { share: 0.02, most: 1500 },
];

/** One client with the real SDK in front of it, and what was captured by it. */
export class Application {
  client;
  captured = { errors: 0, spans: 0, transactions: 0 };
  #provider;
  #tracer;

  /** @param {import("otel-sentry-bridge").ClientOptions} options */
  constructor(options) {
    this.client = createClient(options);
    this.#provider = new BasicTracerProvider({
      spanProcessors: [new SentrySpanProcessor(this.client)],
    });
    this.#tracer = this.#provider.getTracer("soak");
  }

  /** @param {Random} random */
  captureOne(random) {
    // Errors go to the client of the process.
    setClient(this.client);
    withIsolationScope(() => {
      setTag("tenant", `t-${random.between(1, 1000)}`);
      addBreadcrumb({ category: "soak", message: `step ${random.next()}` });
      if (random.chance(ERROR_SHARE)) this.#captureError(random);
      else this.#captureTransaction(sizeBy(random), random);
    });
  }

  close(timeoutMillis) {
    return this.client.close(timeoutMillis);
  }

  shutDown() {
    return this.#provider.shutdown();
  }

  #captureError(random) {
    this.captured.errors += 1;
    captureException(new Error(`order ${random.between(1, 50)} failed`));
  }

  #captureTransaction(spans, random) {
    this.captured.transactions += 1;
    this.captured.spans += spans;
    const attributes = { "http.request.method": "GET", "http.route": "/orders/:id" };
    const root = this.#tracer.startSpan(
      "GET /orders/:id",
      { kind: SpanKind.SERVER, attributes },
      ROOT_CONTEXT,
    );
    context.with(trace.setSpan(context.active(), root), () => {
      for (let index = 1; index < spans; index++) this.#captureChild(index, random);
    });
    root.end();
  }

  #captureChild(index, random) {
    const attributes = {
      "db.system.name": "postgresql",
      "db.query.text": `SELECT ${random.next()} FROM orders WHERE item = $1`,
      "shop.item": index,
    };
    this.#tracer.startSpan("SELECT orders", { kind: SpanKind.CLIENT, attributes }).end();
  }
}

/** Captures at a steady rate, with each application in turn. */
export class Workload {
  #applications;
  #random;
  #turn = 0;
  #timer;

  /**
   * @param {readonly Application[]} applications
   * @param {Random} random
   */
  constructor(applications, random) {
    this.#applications = applications;
    this.#random = random;
  }

  /** @param {number} perSecond */
  start(perSecond) {
    this.stop();
    let last = performance.now();
    let due = 0;
    this.#timer = setInterval(() => {
      const now = performance.now();
      due = Math.min(due + ((now - last) * perSecond) / 1000, MAX_BACKLOG);
      last = now;
      for (; due >= 1; due -= 1) this.#captureNext();
    }, TICK_MILLIS);
  }

  stop() {
    clearInterval(this.#timer);
  }

  #captureNext() {
    this.#turn += 1;
    this.#applications[this.#turn % this.#applications.length].captureOne(this.#random);
  }
}

function sizeBy(random) {
  let left = random.next();
  for (const { share, most } of SIZES) {
    if (left < share) return random.between(1, most);
    left -= share;
  }
  return SIZES.at(-1).most;
}
