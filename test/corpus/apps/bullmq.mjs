// instrumentations:
// needs: redis-server
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue, QueueEvents, Worker } from "bullmq";
import { BullMQOtel } from "bullmq-otel";
import { captureHandlerError } from "otel-sentry-bridge";

import { all, end, inSpan, work } from "../kit.mjs";

const path = join(tmpdir(), `corpus-${process.pid}.sock`);
const redis = spawn("redis-server", ["--port", "0", "--unixsocket", path, "--save", ""]);
for await (const line of redis.stdout) if (String(line).includes("eady to accept")) break;

const telemetry = new BullMQOtel("corpus");
const connection = { path, maxRetriesPerRequest: null };
const worker = new Worker(
  "units",
  (job) =>
    work(job.data.unit).catch((error) => {
      captureHandlerError(error);
      throw error;
    }),
  { connection, telemetry, concurrency: 100 },
);
const queue = new Queue("units", { connection, telemetry });
const events = new QueueEvents("units", { connection });
await events.waitUntilReady();
await all((unit) =>
  inSpan("request", {}, async () => {
    const job = await queue.add("unit", { unit });
    await job.waitUntilFinished(events);
  }),
);
await worker.close();
await events.close();
await queue.close();
redis.kill();
await once(redis, "exit");
await end();
