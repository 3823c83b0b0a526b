// instrumentations: http, undici
import { createServer } from "node:http";
import { captureHandlerError } from "otel-sentry-bridge";

import { end, requestAll, work } from "../kit.mjs";

const inner = createServer((request, response) => response.end("{}")).listen(0, "127.0.0.1");
async function call() {
  const response = await fetch(`http://127.0.0.1:${inner.address().port}/stock`);
  await response.text();
}

const server = createServer(async (request, response) => {
  try {
    response.end(JSON.stringify(await work(Number(request.url.split("/").at(-1)), call)));
  } catch (error) {
    captureHandlerError(error);
    response.writeHead(500).end();
  }
}).listen(0, "127.0.0.1", async () => {
  await requestAll(server.address().port);
  await end();
});
