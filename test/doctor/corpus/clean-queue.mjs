// Consumers that take jobs from a list, each under a context of its own that continues the producer's trace.
import { once, EventEmitter } from "node:events";

import { ROOT_CONTEXT, SpanKind, context, propagation } from "@opentelemetry/api";

import { bridge, end, load, serve, span } from "./kit.mjs";

const jobs = [];
const arrived = new EventEmitter().setMaxListeners(0);

async function consume() {
  for (;;) {
    const job = jobs.shift();
    if (job === undefined) {
      await once(arrived, "job");
      continue;
    }
    const parent = propagation.extract(ROOT_CONTEXT, job.headers);
    await context.with(bridge.forkIsolation(parent), () =>
      span("process", () => serve(job.id), { kind: SpanKind.CONSUMER }),
    );
    job.done();
  }
}

for (let consumer = 0; consumer < 10; consumer++) void consume();
await load(async (id) => {
  const headers = {};
  const done = Promise.withResolvers?.() ?? withResolvers();
  await context.with(bridge.forkIsolation(ROOT_CONTEXT), () =>
    span(
      "publish",
      async () => {
        propagation.inject(context.active(), headers);
        jobs.push({ id, headers, done: done.resolve });
        arrived.emit("job");
      },
      { kind: SpanKind.PRODUCER },
    ),
  );
  await done.promise;
});
await end();

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}
