import { setTimeout as delay } from "node:timers/promises";

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import type { Attributes, Span, Tracer } from "@opentelemetry/api";

import { forkIsolation } from "../context/scope-context.js";
import { logger } from "../logs/logger.js";
import { metrics } from "../logs/metrics.js";
import { withMonitor } from "../crons/monitor.js";
import { addBreadcrumb, setTag, setUser } from "../context/scopes.js";

interface Order {
  readonly id: number;
  readonly user: string;
  readonly items: readonly string[];
  readonly card: "valid" | "expired";
}

const ORDERS: readonly Order[] = [
  { id: 1, user: "ada", items: ["tea", "cup"], card: "valid" },
  { id: 2, user: "bob", items: ["pot"], card: "expired" },
  { id: 3, user: "cleo", items: ["cup", "jar", "lid"], card: "valid" },
];

const ITEM_MILLIS = 40;
const PAYMENT_MILLIS = 60;

/** Simulates a small shop without a network: serves a few concurrent orders and runs a cron job. */
export async function runShop(): Promise<void> {
  const tracer = trace.getTracer("otel-sentry-bridge demo");
  await Promise.all(ORDERS.map((order) => serve(order, tracer)));
  const schedule = { type: "crontab", value: "0 3 * * *" } as const;
  await withMonitor("restock", () => delay(ITEM_MILLIS), { schedule });
}

// Imitates an HTTP instrumentation: one SERVER span per request, which becomes a transaction.
async function serve(order: Order, tracer: Tracer): Promise<void> {
  const attributes = {
    "http.request.method": "POST",
    "http.route": "/orders/:id",
    "url.path": `/orders/${order.id}`,
    "url.scheme": "https",
    "server.address": "shop.example",
  };
  const options = { kind: SpanKind.SERVER, attributes };
  await context.with(forkIsolation(ROOT_CONTEXT), () =>
    tracer.startActiveSpan("POST", options, async (span) => {
      try {
        await handle(order, tracer);
        span.setAttribute("http.response.status_code", 200);
      } catch (error) {
        fail(span, error);
        span.setAttribute("http.response.status_code", 500);
      } finally {
        span.end();
      }
    }),
  );
}

async function handle({ id, user, items, card }: Order, tracer: Tracer): Promise<void> {
  setUser({ id: user });
  setTag("items", items.length);
  addBreadcrumb({ category: "cart", message: `${items.length} items` });
  await Promise.all(items.map((item, index) => lookUp(item, ITEM_MILLIS * (index + 1), tracer)));
  await pay(card, tracer);
  logger.info("order paid", { order: id });
  metrics.count("orders", 1, { attributes: { user } });
}

async function lookUp(item: string, millis: number, tracer: Tracer): Promise<void> {
  const attributes = {
    "db.system.name": "postgresql",
    "db.query.text": "SELECT price, stock FROM items WHERE sku = $1",
    "db.collection.name": "items",
    "shop.item": item,
  };
  await call(tracer, "SELECT items", { attributes, work: () => delay(millis) });
}

async function pay(card: Order["card"], tracer: Tracer): Promise<void> {
  const attributes = {
    "http.request.method": "POST",
    "url.full": "https://bank.example/payments",
    "server.address": "bank.example",
  };
  await call(tracer, "POST", {
    attributes,
    async work() {
      await delay(PAYMENT_MILLIS);
      if (card === "expired") throw new Error("The card has expired");
    },
  });
}

interface Call {
  readonly attributes: Attributes;
  readonly work: () => Promise<void>;
}

async function call(tracer: Tracer, name: string, { attributes, work }: Call): Promise<void> {
  await tracer.startActiveSpan(name, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    try {
      await work();
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

function fail(span: Span, error: unknown): void {
  const thrown = error instanceof Error ? error : new Error(String(error));
  span.recordException(thrown);
  span.setStatus({ code: SpanStatusCode.ERROR, message: thrown.message });
}
