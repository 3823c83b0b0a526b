// instrumentations: redis, ioredis
import { createServer } from "node:net";
import { Redis } from "ioredis";
import { captureException, withIsolationScope } from "otel-sentry-bridge";
import { createClient } from "redis";

import { all, end, inSpan, work } from "../kit.mjs";

// Answers every command: enough for two clients that set and get.
const server = createServer((socket) => {
  socket.on("data", (data) => {
    const commands = data.toString().match(/\*\d+\r\n(?:\$\d+\r\n[^\r]*\r\n)+/g) ?? [];
    for (const command of commands)
      socket.write(/\binfo\b/i.test(command) ? "$15\r\nredis_version:7\r\n" : "+OK\r\n");
  });
  socket.on("error", () => {});
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address();
const redis = await createClient({ socket: { port, host: "127.0.0.1" } }).connect();
const ioredis = new Redis({ port, host: "127.0.0.1", enableReadyCheck: false });
await all((unit) =>
  withIsolationScope(() =>
    inSpan("job", {}, async () => {
      const commands = async () => {
        await redis.set(`unit:${unit}`, "1");
        await ioredis.get(`unit:${unit}`);
      };
      await work(unit, commands).catch(captureException);
    }),
  ),
);
await end();
