// Requests of Express that wait for one promise: the query is on the trace of the first.
import { ExpressInstrumentation } from "@opentelemetry/instrumentation-express";

import { end, instrument, loadServer, query, require } from "./kit.mjs";

instrument(new ExpressInstrumentation());
const express = require("express");

let rates;
const app = express();
app.get("/units/:id", async (request, response) => {
  rates ??= query("rates", 30).finally(() => (rates = undefined));
  await rates;
  response.json({});
});
const server = app.listen(0, "127.0.0.1", async () => {
  await loadServer(server.address().port);
  await end();
});
