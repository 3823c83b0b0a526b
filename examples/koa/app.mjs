// app.mjs
import Koa from "koa";
import { setUser } from "otel-sentry-bridge";

const app = new Koa();

app.use(async function users(ctx) {
  const [, id] = /^\/users\/(\w+)$/.exec(ctx.path) ?? [];
  setUser({ id });
  if (id === "7") throw new Error("user 7 has no address");
  ctx.body = { id };
});

const server = app.listen(process.env.PORT ?? 3000, () => console.log(server.address().port));
