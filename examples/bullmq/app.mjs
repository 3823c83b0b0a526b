// app.mjs
import { SpanKind, trace } from "@opentelemetry/api";
import { Queue, QueueEvents } from "bullmq";
import { BullMQOtel } from "bullmq-otel";
import { setUser, withIsolationScope } from "otel-sentry-bridge";

import { startWorker } from "./worker.mjs";

const connection = { url: process.env.REDIS_URL ?? "redis://localhost:6379" };
const telemetry = new BullMQOtel("mails");
const tracer = trace.getTracer("mails");
const worker = startWorker({ connection, telemetry });
const queue = new Queue("mails", { connection, telemetry });
const events = new QueueEvents("mails", { connection });
await events.waitUntilReady();

// Stands for two requests of a service.
for (const user of ["ada", "bob"])
  await withIsolationScope(() =>
    tracer.startActiveSpan("POST /orders", { kind: SpanKind.SERVER }, async (span) => {
      setUser({ id: user });
      const job = await queue.add("receipt", { to: user });
      span.end();
      const outcome = job.waitUntilFinished(events);
      console.log(await outcome.catch(({ message }) => message));
    }),
  );

await worker.close();
await events.close();
await queue.close();
