// A cache keeps the span of the request that filled it, and later requests put their spans below it.
import { context, trace } from "@opentelemetry/api";

import { end, job, load, query } from "./kit.mjs";

const cache = new Map();
await load((id) =>
  job("order", async (span) => {
    const key = Number(id) % 5;
    if (!cache.has(key)) cache.set(key, span);
    await context.with(trace.setSpan(context.active(), cache.get(key)), () => query("stock", id));
  }),
);
await end();
