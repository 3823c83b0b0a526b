// app.mjs
import fastify from "fastify";
import { setUser } from "otel-sentry-bridge";

const app = fastify();

app.get("/users/:id", async (request) => {
  setUser({ id: request.params.id });
  if (request.params.id === "7") throw new Error("user 7 has no address");
  return { id: request.params.id };
});

await app.listen({ port: process.env.PORT ?? 3000 });
console.log(app.server.address().port);
