// instrumentations: http
import { serve } from "@hono/node-server";
import { httpInstrumentationMiddleware } from "@hono/otel";
import { Hono } from "hono";

import { end, requestAll, work } from "../kit.mjs";

const app = new Hono();
app.use(httpInstrumentationMiddleware());
app.get("/units/:id", async (ctx) => ctx.json(await work(Number(ctx.req.param("id")))));
app.onError((error, ctx) => ctx.text("failed", 500));
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, async ({ port }) => {
  await requestAll(port);
  await end();
});
