// app.mjs
import { createServer } from "node:http";
import { setUser } from "otel-sentry-bridge";

const server = createServer(async (request, response) => {
  setUser({ id: request.url.split("/").at(-1) });
  const price = await fetch(`http://127.0.0.1:${process.env.PRICES_PORT ?? 3001}/prices`);
  response.end(await price.text());
});
server.listen(process.env.PORT ?? 3000, () => console.log(server.address().port));
