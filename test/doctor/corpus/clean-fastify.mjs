// Fastify with its own instrumentation, hooks and a plugin.
import { FastifyOtelInstrumentation } from "@fastify/otel";

import { end, instrument, loadServer, require, serve } from "./kit.mjs";

const otel = new FastifyOtelInstrumentation();
instrument(otel);
const fastify = require("fastify");

const app = fastify();
await app.register(otel.plugin());
app.addHook("preHandler", async () => {});
app.get("/units/:id", async ({ params: { id } }) => {
  await serve(id);
  return { id };
});
await app.listen({ port: 0, host: "127.0.0.1" });
await loadServer(app.server.address().port);
await end();
