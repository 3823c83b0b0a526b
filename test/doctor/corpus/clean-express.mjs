// Express with the stock instrumentations, a router, a middleware that waits, and work that goes on after some responses.
import { setTimeout as sleep } from "node:timers/promises";

import { ExpressInstrumentation } from "@opentelemetry/instrumentation-express";

import { end, instrument, loadServer, query, require, serve } from "./kit.mjs";

instrument(new ExpressInstrumentation());
const express = require("express");

const audits = [];
const app = express();
app.use(async (request, response, next) => {
  await sleep(1);
  next();
});
const router = express.Router();
router.get("/:id", async (request, response) => {
  const { id } = request.params;
  await serve(id);
  response.json({ id });
  if (Number(id) % 10 === 0) audits.push(query("audit", id));
});
app.use("/units", router);
const server = app.listen(0, "127.0.0.1", async () => {
  await loadServer(server.address().port);
  await Promise.all(audits);
  await end();
});
