// Express with a cache that answers most requests: they have no spans but those of the framework's layers.
import { setTimeout as sleep } from "node:timers/promises";

import { ExpressInstrumentation } from "@opentelemetry/instrumentation-express";

import { bridge, end, instrument, loadServer, query, require } from "./kit.mjs";

instrument(new ExpressInstrumentation());
const express = require("express");

const cache = new Map();
const app = express();
app.use(async (request, response, next) => {
  await sleep(1);
  next();
});
app.get("/units/:id", async (request, response) => {
  const { id } = request.params;
  bridge.setUser({ id });
  const key = Number(id) % 20;
  if (!cache.has(key)) cache.set(key, await query("stock", key));
  response.json({ id });
});
const server = app.listen(0, "127.0.0.1", async () => {
  await loadServer(server.address().port);
  await end();
});
