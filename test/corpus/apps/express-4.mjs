// instrumentations: http, express
import express from "express";

import { end, requestAll, work } from "../kit.mjs";

const app = express();
app.use((request, response, next) => next());
app.get("/units/:id", (request, response, next) => {
  work(Number(request.params.id)).then((result) => response.json(result), next);
});
const server = app.listen(0, "127.0.0.1", async () => {
  await requestAll(server.address().port);
  await end();
});
