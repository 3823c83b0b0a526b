import { setTimeout as sleep } from "node:timers/promises";

import { ROOT_CONTEXT, SpanKind, context } from "@opentelemetry/api";
import {
  addBreadcrumb,
  captureException,
  forkIsolation,
  setTag,
  setUser,
} from "otel-sentry-bridge";

import { inSpan } from "./in-span.mjs";

const waiting = [];
let draining;
let lastId = 0;

/** Puts an order into the queue, within the request that made it. */
export function enqueue(order) {
  const message = { ...order, id: `order-${(lastId += 1)}` };
  return inSpan("send orders", messageSpan(message, SpanKind.PRODUCER, "send"), (span) => {
    waiting.push({ ...message, producer: span.spanContext() });
    draining ??= drain();
  });
}

/** Resolves when there is nothing left to do. */
export async function whenIdle() {
  await draining;
}

// This loop runs in the context of the request that found the queue idle: most queues behave so. Its
// user, tags and span are those of the wrong customer for every order but one.
async function drain() {
  while (waiting.length > 0) {
    // An error knows the job that it came from, so that it can be reported out here.
    await runAsJob(waiting.shift()).catch(captureException);
  }
  draining = undefined;
}

// So each job gets a context of its own: no span (it is not part of any request), a new isolation
// scope, and a link to the span that sent it.
function runAsJob(order) {
  return context.with(forkIsolation(ROOT_CONTEXT), () => {
    setUser({ id: order.caller["x-user-id"] });
    setTag("tenant", order.caller["x-tenant"]);
    const options = messageSpan(order, SpanKind.CONSUMER, "process");
    return inSpan("process orders", { ...options, links: [{ context: order.producer }] }, () =>
      ship(order),
    );
  });
}

async function ship(order) {
  addBreadcrumb({ category: "order", message: `${order.id} taken` });
  await Promise.all([
    inSpan("reserve", {}, () => reserve(order)),
    inSpan("pack", {}, () => sleep(2)),
  ]);
  await inSpan("charge", {}, () => charge(order));
}

async function reserve({ id, skus, caller }) {
  const response = await fetch(`${process.env.INVENTORY_URL}/reservations/${id}`, {
    method: "PUT",
    headers: { ...caller, "content-type": "application/json" },
    body: JSON.stringify({ skus }),
  });
  await response.json();
}

function charge({ card, caller }) {
  if (card === "expired") throw new Error(`Card of ${caller["x-user-id"]} has expired`);
}

function messageSpan({ id, caller }, kind, operation) {
  const attributes = {
    "messaging.system": "in_process",
    "messaging.destination.name": "orders",
    "messaging.operation.type": operation,
    "messaging.operation.name": operation,
    "messaging.message.id": id,
    "job.user": caller["x-user-id"],
    "job.tenant": caller["x-tenant"],
  };
  return { kind, attributes };
}
