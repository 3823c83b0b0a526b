// The demo's gateway: Express behind the stock instrumentations, three calls of another service at once. `start` must run
// after the instrumentations are registered.
import { setTimeout as sleep } from "node:timers/promises";

import { trace } from "@opentelemetry/api";

/**
 * @param {{ inventoryUrl: string, onRequest: (request: import("express").Request) => void }} options
 * @returns {Promise<number>} the port
 */
export async function start({ inventoryUrl, onRequest }) {
  const { default: express } = await import("express");
  const tracer = trace.getTracer("shop");
  const inSpan = (name, attributes, work) =>
    tracer.startActiveSpan(name, { attributes }, async (span) => {
      try {
        return await work();
      } finally {
        span.end();
      }
    });
  const lookUp = (sku) =>
    inSpan("look up", { "item.sku": sku }, async () => {
      const response = await fetch(`${inventoryUrl}/items/${sku}`);
      const item = await response.json();
      return inSpan("check stock", { "item.sku": sku }, () => item);
    });
  const app = express();
  app.use(express.json());
  app.post("/:tenant/checkout/:user", async (request, response) => {
    onRequest(request);
    const total = await inSpan("checkout", {}, async () => {
      const items = await inSpan("gather", {}, () => Promise.all(request.body.skus.map(lookUp)));
      await inSpan("price", {}, () => sleep(1));
      return items.reduce((sum, item) => sum + item.price, 0);
    });
    response.json({ total });
  });
  return new Promise((resolve) => {
    const server = app.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}
