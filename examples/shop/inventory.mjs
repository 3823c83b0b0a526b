import Fastify from "fastify";
import { captureCheckIn, setTag, setUser } from "otel-sentry-bridge";
import { Pool } from "pg";

import { inSpan } from "./in-span.mjs";
import { runUntilStopped } from "./lifecycle.mjs";

// One connection, since the demo's embedded Postgres takes no more: requests wait for it in line.
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 1, idleTimeoutMillis: 0 });
await pool.query("SELECT 1");

// A monitored run that lasts as long as the service. It begins before the first span.
const checkInId = captureCheckIn(
  { monitorSlug: "inventory", status: "in_progress" },
  { schedule: { type: "crontab", value: "0 3 * * *" } },
);

const app = Fastify();

app.addHook("onRequest", async (request) => {
  setUser({ id: request.headers["x-user-id"] });
  setTag("tenant", request.headers["x-tenant"]);
});

app.get("/items/:sku", async (request) => {
  const { sku } = request.params;
  return inSpan("read item", { attributes: { "item.sku": sku } }, async () => {
    const { rows } = await pool.query("SELECT sku, price, stock FROM items WHERE sku = $1", [sku]);
    return rows[0];
  });
});

app.put("/reservations/:order", async (request) => {
  const { skus } = request.body;
  return inSpan("reserve items", {}, async () => {
    await pool.query("UPDATE items SET stock = stock - 1 WHERE sku = ANY($1)", [skus]);
    return { reserved: skus.length };
  });
});

await app.listen({ port: Number(process.env.PORT ?? 0), host: "127.0.0.1" });

runUntilStopped(app.server.address().port, async () => {
  await app.close();
  await pool.end();
  captureCheckIn({ checkInId, monitorSlug: "inventory", status: "ok" });
});
