import { setTimeout as sleep } from "node:timers/promises";

import express from "express";
import { logger, metrics, setTag, setUser } from "otel-sentry-bridge";

import { inSpan } from "./in-span.mjs";
import { runUntilStopped } from "./lifecycle.mjs";
import { enqueue, whenIdle } from "./worker.mjs";

const app = express();
app.use(express.json());

app.post("/:tenant/checkout/:user", async (request, response) => {
  // A request is a unit of work: what is set here is seen by this request only, however many run.
  setUser({ id: request.get("x-user-id") });
  setTag("tenant", request.get("x-tenant"));
  const caller = { "x-user-id": request.get("x-user-id"), "x-tenant": request.get("x-tenant") };
  response.json(await inSpan("checkout", {}, () => checkout(request.body, caller)));
});

async function checkout({ skus, ship, card }, caller) {
  // These three run at the same time, and are siblings in the trace.
  const items = await inSpan("gather", {}, () =>
    Promise.all(skus.map((sku) => lookUp(sku, caller))),
  );
  // This one needs their results, and comes after them.
  const total = await inSpan("price", {}, () => priceOf(items));
  logger.info("order priced", { items: items.length, total });
  metrics.count("orders", 1, { attributes: { shipped: ship } });
  if (ship) await enqueue({ caller, skus, card, total });
  return { total };
}

function lookUp(sku, headers) {
  return inSpan("look up", { attributes: { "item.sku": sku } }, async () => {
    const response = await fetch(`${process.env.INVENTORY_URL}/items/${sku}`, { headers });
    const item = await response.json();
    return inSpan("check stock", { attributes: { "item.sku": sku } }, () => ({
      ...item,
      available: item.stock > 0,
    }));
  });
}

async function priceOf(items) {
  const sum = items.reduce((total, item) => total + item.price, 0);
  return inSpan("discount", {}, async () => {
    await sleep(3);
    return sum * 0.9;
  });
}

const server = app.listen(Number(process.env.PORT ?? 0), "127.0.0.1", (error) => {
  if (error) throw error;
  runUntilStopped(server.address().port, async () => {
    await new Promise((resolve) => {
      server.close(resolve);
    });
    await whenIdle();
  });
});
