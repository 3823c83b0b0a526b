// instrumentations: http, @fastify/otel
import fastify from "fastify";

import { end, requestAll, work } from "../kit.mjs";

const app = fastify();
app.get("/units/:id", (request) => work(Number(request.params.id)));
await app.listen({ port: 0, host: "127.0.0.1" });
await requestAll(app.server.address().port);
await end();
