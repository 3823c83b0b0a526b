// A WebSocket server that sets the user of each message without a unit of its own.
import { once } from "node:events";

import { bridge, end, instrument, job, load, query, require, serve } from "./kit.mjs";

instrument();
const { WebSocket, WebSocketServer } = require("ws");

await load((id) => job("order", () => serve(id)));
const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
await once(server, "listening");
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    bridge.setUser({ id: String(data) });
    void query("stock", String(data)).then(() => socket.send(data));
  });
});
const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
await once(socket, "open");
for (let id = 0; id < 100; id++) {
  socket.send(String(id));
  await once(socket, "message");
}
await end();
