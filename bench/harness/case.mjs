// One subject under one workload, in a process of its own that works when it is told to and waits otherwise:
// case.mjs <subject> <workload> <port of the ingest server>
import { readFileSync, writeFileSync } from "node:fs";
import { register } from "node:module";

import { trace } from "@opentelemetry/api";

import { paced, saturated } from "./load.mjs";
import { SUBJECTS } from "./subjects.mjs";

const [name, workload, serverPort] = process.argv.slice(2);

const subject = await SUBJECTS[name](Number(serverPort));
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
  const inventoryUrl = `http://127.0.0.1:${serverPort}`;
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

// Linux keeps the most memory that a process has taken, and starts anew when 5 is written here. `resourceUsage().maxRSS` is that
// of the whole life.
function resetPeak() {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Elsewhere there is no peak.
  }
}

function peakMegabytes() {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return (Number(/VmHWM:\s+(\d+) kB/.exec(status)[1]) * 1024) / 1e6;
  } catch {
    return Number.NaN;
  }
}

const usage = () => ({ cpu: process.cpuUsage(), thread: applicationThreadNanos() });
let before;
let number = 0;

function begin() {
  resetPeak();
  before = usage();
}

const next = () => request(subject.tracer, number++);

const ORDERS = {
  // The `app` workload is driven from outside: its turn is from "begin" to "end".
  begin,
  async run({ requests, perSecond }) {
    begin();
    await (perSecond === undefined ? saturated(next, requests) : paced(next, requests, perSecond));
  },
  async end() {
    const queued = subject.queued();
    await subject.flush();
    const { user, system } = process.cpuUsage(before.cpu);
    return {
      queued,
      cpuMicros: user + system,
      threadMicros: (applicationThreadNanos() - before.thread) / 1000,
      rssMegabytes: process.memoryUsage.rss() / 1e6,
      peakMegabytes: peakMegabytes(),
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
