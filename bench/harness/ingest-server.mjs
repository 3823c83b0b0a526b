// A server that accepts all telemetry and counts spans, and answers the calls of the `app` workload; in a process of its own.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const latencyMillis = Number(process.argv[2]);

// One of these stands in each encoded span.
const JSON_MARKER = '"startTimeUnixNano"';
const SENTRY_MARKER = '"start_timestamp":';

const NO_COUNTS = { requests: 0, bytes: 0, spans: 0, mostOpen: 0 };
let counts = { ...NO_COUNTS };

function spansIn(body, url, type) {
  if (!url.startsWith("/v1/traces")) return occurrences(body, SENTRY_MARKER);
  return type === "application/x-protobuf" ? protobufSpans(body) : occurrences(body, JSON_MARKER);
}

function occurrences(body, marker) {
  let count = 0;
  for (let at = body.indexOf(marker); at !== -1; at = body.indexOf(marker, at + 1)) count++;
  return count;
}

// Counts field 2 (`spans`) of each field 2 (`scope_spans`) of each field 1 (`resource_spans`).
function protobufSpans(body) {
  let count = 0;
  for (const resource of fields(body, 1))
    for (const scope of fields(resource, 2)) count += fields(scope, 2).length;
  return count;
}

// The contents of the length-delimited fields with a number; those of other wire types do not occur at these levels.
function fields(message, number) {
  const found = [];
  for (let at = 0; at < message.length;) {
    const [tag, afterTag] = varint(message, at);
    const [length, start] = varint(message, afterTag);
    if (tag >> 3 === number) found.push(message.subarray(start, start + length));
    at = start + length;
  }
  return found;
}

function varint(message, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7, at++) {
    value |= (message[at] & 0x7f) << shift;
    if (message[at] < 0x80) return [value, at + 1];
  }
}

// Open connections that have carried telemetry since the last reset. The calls of the `app` workload come over others.
const carriers = new Set();

function countConnection(socket) {
  if (carriers.has(socket)) return;
  carriers.add(socket);
  counts.mostOpen = Math.max(counts.mostOpen, carriers.size);
  socket.once("close", () => carriers.delete(socket));
}

const ORDERS = {
  counts: () => process.send({ counts }),
  reset() {
    counts = { ...NO_COUNTS };
    carriers.clear();
  },
};

function take(request, body) {
  countConnection(request.socket);
  counts.requests++;
  counts.bytes += body.length;
  counts.spans += spansIn(body, request.url, request.headers["content-type"]);
}

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  if (latencyMillis > 0) await sleep(latencyMillis);
  response.writeHead(200, { "content-type": "application/json" });
  if (request.method !== "GET") take(request, body);
  response.end('{"sku":"a","price":3,"stock":2}');
});
// Longer than a case waits for its next turn, so that connections stay as they are.
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("message", (order) => ORDERS[order]());
process.on("disconnect", () => process.exit(0));
