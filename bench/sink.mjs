// A server that accepts everything and counts spans, in a process of its own.
import { createServer } from "node:http";

// One of these stands in each encoded span: in a transaction's root, in its entries, in OTLP JSON.
const MARKERS = { "/api/1/envelope/": '"start_timestamp":', "/v1/traces": '"startTimeUnixNano"' };

const counts = { requests: 0, bytes: 0, spans: 0, connections: 0 };

function countSpans(body, marker) {
  let spans = 0;
  for (let at = body.indexOf(marker); at !== -1; at = body.indexOf(marker, at + 1)) spans++;
  return spans;
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    counts.requests++;
    counts.bytes += body.length;
    counts.spans += countSpans(body, MARKERS[request.url] ?? MARKERS["/api/1/envelope/"]);
    response.writeHead(200, { "content-type": "application/json" });
    response.end("{}");
  });
});
server.on("connection", () => counts.connections++);
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("message", () => process.send({ counts: { ...counts } }));
process.on("disconnect", () => process.exit(0));
