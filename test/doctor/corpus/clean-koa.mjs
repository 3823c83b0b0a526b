// Koa with nested middleware.
import { KoaInstrumentation } from "@opentelemetry/instrumentation-koa";

import { end, instrument, loadServer, require, serve } from "./kit.mjs";

instrument(new KoaInstrumentation());
const Koa = require("koa");

const app = new Koa();
app.use(async (ctx, next) => {
  await next();
  ctx.set("x-served", "yes");
});
app.use(async (ctx) => {
  await serve(ctx.path.split("/").at(-1));
  ctx.body = "done";
});
const server = app.listen(0, "127.0.0.1", async () => {
  await loadServer(server.address().port);
  await end();
});
