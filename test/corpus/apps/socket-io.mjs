// instrumentations: socket.io
import { createServer } from "node:http";
import { captureHandlerError, suppressTracing } from "otel-sentry-bridge";
import { Server } from "socket.io";
import { io } from "socket.io-client";

import { all, end, work } from "../kit.mjs";

const http = createServer();
const server = new Server(http);
server.on("connection", (socket) => {
  socket.on("unit", async (unit, answer) => {
    await work(unit).catch(captureHandlerError);
    answer();
  });
});
await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
await suppressTracing(async () => {
  const client = io(`http://127.0.0.1:${http.address().port}`, { transports: ["websocket"] });
  await all((unit) => client.emitWithAck("unit", unit));
});
await end();
