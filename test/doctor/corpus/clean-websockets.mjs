// A WebSocket server whose messages are units of their own, on ten connections.
import { once } from "node:events";

import { ROOT_CONTEXT, SpanKind, context } from "@opentelemetry/api";

import { bridge, end, instrument, load, require, serve, span } from "./kit.mjs";

instrument();
const { WebSocket, WebSocketServer } = require("ws");

const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
await once(server, "listening");
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const id = String(data);
    void context.with(bridge.forkIsolation(ROOT_CONTEXT), () =>
      span("message", () => serve(id), { kind: SpanKind.SERVER }).then(() => socket.send(id)),
    );
  });
});

const waiting = new Map();
const sockets = Array.from(
  { length: 10 },
  () => new WebSocket(`ws://127.0.0.1:${server.address().port}`),
);
for (const socket of sockets) {
  socket.on("message", (data) => waiting.get(String(data))());
  await once(socket, "open");
}
await load(async (id) => {
  sockets[Number(id) % sockets.length].send(id);
  await new Promise((resolve) => waiting.set(id, resolve));
});
await end();
