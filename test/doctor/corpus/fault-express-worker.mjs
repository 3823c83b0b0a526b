// The first request of Express, which is open until the end, runs the queries of all others in its context.
import { setTimeout as sleep } from "node:timers/promises";

import { ExpressInstrumentation } from "@opentelemetry/instrumentation-express";

import { UNITS, end, instrument, loadServer, query, require } from "./kit.mjs";

instrument(new ExpressInstrumentation());
const express = require("express");

const jobs = [];
async function work(quantity) {
  for (let done = 0; done < quantity; await sleep(1)) {
    const now = jobs.splice(0);
    done += now.length;
    for (const job of now) job();
  }
}

const app = express();
app.get("/units/:id", async (request, response) => {
  const { id } = request.params;
  if (id === "0") await work(UNITS - 1);
  else await new Promise((resolve) => jobs.push(() => resolve(query("stock", id))));
  response.json({ id });
});
const server = app.listen(0, "127.0.0.1", async () => {
  await loadServer(server.address().port);
  await end();
});
