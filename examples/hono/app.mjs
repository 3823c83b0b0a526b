// app.mjs
import { createServer } from "node:http";
import { Hono } from "hono";
import { captureHandlerError, setUser } from "otel-sentry-bridge";

const app = new Hono();

app.get("/users/:id", (ctx) => {
  const id = ctx.req.param("id");
  setUser({ id });
  if (id === "7") throw new Error("user 7 has no address");
  return ctx.json({ id });
});

// Hono has no stock instrumentation that records errors.
app.onError((error, ctx) => {
  captureHandlerError(error);
  return ctx.text("failed", 500);
});

// `serve` of @hono/node-server does the same, and more.
const server = createServer(async (request, response) => {
  const result = await app.request(request.url, { method: request.method });
  response.writeHead(result.status, Object.fromEntries(result.headers));
  response.end(await result.text());
});
server.listen(process.env.PORT ?? 3000, () => console.log(server.address().port));
