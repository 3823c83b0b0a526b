// instrumentations: http, koa
import { Router } from "@koa/router";
import Koa from "koa";

import { end, requestAll, work } from "../kit.mjs";

const app = new Koa({ silent: true });
app.silent = true;
const router = new Router();
router.get("/units/:id", async (ctx) => {
  ctx.body = await work(Number(ctx.params.id));
});
app.use(router.routes());
const server = app.listen(0, "127.0.0.1", async () => {
  await requestAll(server.address().port);
  await end();
});
