// Spans are made active with `enterWith`: parallel calls nest one within the other.
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";

import { context, trace } from "@opentelemetry/api";

import { end, job, load, manager, tracer } from "./kit.mjs";

// Helpers that "set the active span" reach into the context manager like this.
const storage = Object.values(manager).find((value) => value instanceof AsyncLocalStorage);

async function call(index) {
  const span = tracer.startSpan("call");
  storage.enterWith(trace.setSpan(context.active(), span));
  await sleep(3 + index);
  span.end();
}

await load(() => job("order", () => Promise.all([0, 1, 2, 3, 4].map(call))));
await end();
