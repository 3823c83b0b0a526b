// An HTTP server that reads bodies and files as streams, with `for await`, `pipeline` and bound listeners.
import { createReadStream } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import { context } from "@opentelemetry/api";

import { end, instrument, loadServer, query, require, serve, span } from "./kit.mjs";

instrument();
const { createServer } = require("node:http");

async function read(id) {
  for await (const chunk of createReadStream(import.meta.filename)) if (chunk.length === 0) return;
  const upper = new Transform({
    transform: (chunk, _, done) => done(null, String(chunk).toUpperCase()),
  });
  await pipeline(Readable.from(["a", "b"]), upper, async (lines) => {
    for await (const line of lines) await query(`line ${line}`, id);
  });
}

const server = createServer((request, response) => {
  const id = request.url.split("/").at(-1);
  context.bind(context.active(), request);
  request.resume().on("end", async () => {
    await serve(id);
    await span("read", () => read(id));
    response.end("done");
  });
});
server.listen(0, "127.0.0.1", async () => {
  await loadServer(server.address().port);
  await end();
});
