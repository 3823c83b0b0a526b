// One subject under one workload, in a process of its own that works when it is told to and waits otherwise:
// case.mjs <subject> <workload> <port of the sink>
import { readFileSync } from "node:fs";
import { register } from "node:module";

import { trace } from "@opentelemetry/api";

import { paced, saturated } from "./load.mjs";
import { SUBJECTS } from "./subjects.mjs";

const [name, workload, sinkPort] = process.argv.slice(2);

const subject = await SUBJECTS[name](Number(sinkPort));
const { request, url } =
  workload === "app" ? await startApp() : await import(`../workloads/${workload}.mjs`);

async function startApp() {
  register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);
  const { registerInstrumentations } = await import("@opentelemetry/instrumentation");
  const { HttpInstrumentation } = await import("@opentelemetry/instrumentation-http");
  const { ExpressInstrumentation } = await import("@opentelemetry/instrumentation-express");
  const { UndiciInstrumentation } = await import("@opentelemetry/instrumentation-undici");
  registerInstrumentations({
    tracerProvider: trace.getTracerProvider(),
    instrumentations: [
      new HttpInstrumentation(),
      new ExpressInstrumentation(),
      new UndiciInstrumentation(),
    ],
  });
  const { start } = await import("../workloads/app.mjs");
  const inventoryUrl = `http://127.0.0.1:${sinkPort}`;
  const port = await start({ inventoryUrl, onRequest: subject.onRequest });
  return { url: `http://127.0.0.1:${port}` };
}

// Nanoseconds of CPU of the thread that runs the application; Linux only.
function applicationThreadNanos() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]);
  } catch {
    return Number.NaN;
  }
}

const usage = () => ({ cpu: process.cpuUsage(), thread: applicationThreadNanos() });
let before = usage();
let number = 0;

const next = () => request(subject.tracer, number++);

const ORDERS = {
  // The `app` workload is driven from outside: its turn is from "begin" to "end".
  begin() {
    before = usage();
  },
  async run({ requests, perSecond }) {
    before = usage();
    await (perSecond === undefined ? saturated(next, requests) : paced(next, requests, perSecond));
  },
  async end() {
    await subject.flush();
    const { user, system } = process.cpuUsage(before.cpu);
    return {
      cpuMicros: user + system,
      threadMicros: (applicationThreadNanos() - before.thread) / 1000,
      rssMegabytes: process.memoryUsage.rss() / 1e6,
      peakMegabytes: process.resourceUsage().maxRSS / 1e3,
    };
  },
  async stop() {
    await subject.shutdown();
    process.disconnect();
    process.exit(0);
  },
};

process.on("message", async ({ order, ...details }) => {
  process.send({ answer: (await ORDERS[order](details)) ?? null });
});
process.on("disconnect", () => process.exit());
process.send({ answer: { url } });
