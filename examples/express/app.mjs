// app.mjs
import express from "express";
import { setUser } from "otel-sentry-bridge";

const app = express();

app.get("/users/:id", (request, response) => {
  setUser({ id: request.params.id });
  if (request.params.id === "7") throw new Error("user 7 has no address");
  response.json({ id: request.params.id });
});

const server = app.listen(process.env.PORT ?? 3000, (error) => {
  if (error) throw error;
  console.log(server.address().port);
});
