// CPU time per span of the doctor's rules: spans with them, above the same without them, through the SDK and a SentrySpanProcessor
// whose transport discards what it gets. The cases take turns in one process; `off again` shows what the measurement cannot tell.
// node bench/doctor.mjs [--rounds N] [--json FILE]
import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySpanProcessor } from "otel-sentry-bridge";
import { startDoctor } from "otel-sentry-bridge/doctor";

import { above, costRow, costsByTurns, median } from "./harness/by-turns.mjs";
import { Results, answerAsCase, benchOptions, runCase } from "./harness/results.mjs";
import { startRoot } from "./workloads/repeat.mjs";
import { SPANS, inProcessWorkloads } from "./workloads/in-process.mjs";

const options = benchOptions({ rounds: { type: "string", default: "601" } });
const MOST = 0.3;

const DELIVERED = {
  outcome: "delivered",
  statusCode: 200,
  limits: { rateLimits: undefined, retryAfter: undefined },
};

const WORKLOADS = inProcessWorkloads(startRoot);

// Where the package keeps its observer. The doctor has no function that ends it, because an application needs none.
const observation = globalThis[Symbol.for("otel-sentry-bridge.observation.v2")];

async function measure(workload) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  const transport = { send: async () => DELIVERED, close: async () => {} };
  const processor = new SentrySpanProcessor({ dsn: "http://key@127.0.0.1:9/1", transport });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  startDoctor();
  const { observer } = observation;
  const run = WORKLOADS[workload](provider.getTracer("bench"));
  // The doctor sees the first spans, as in an application: V8 then leaves room for its property in all of them.
  await run(10);
  const as = (chosen) => async (count) => {
    observation.observer = chosen;
    await run(count);
    await processor.forceFlush();
  };
  const cases = { off: as(undefined), "off again": as(undefined), on: as(observer) };
  const costs = await costsByTurns(cases, {
    rounds: Number(options.rounds),
    units: SPANS,
    firstCalls: 3000,
    // Short, because the speed of a shared machine changes within seconds.
    roundMillis: 10,
    isEven: true,
  });
  return { costs, failures: observer.failures, total: observer.total };
}

const results = new Results("doctor");
if (options.case !== undefined) await answerAsCase(await measure(options.case));
for (const workload of Object.keys(WORKLOADS)) {
  const args = ["--rounds", options.rounds];
  const { costs, failures, total } = await runCase(import.meta.url, workload, { args });
  const [again, on] = ["off again", "on"].map((name) => median(above(costs, name, "off")));
  const difference = { "off again": again, on };
  const rows = Object.entries(costs).map(([name, each]) => ({
    ...costRow(name, each),
    "above off": difference[name]?.toFixed(3) ?? "",
    ratio: (median(costs[name]) / median(costs.off)).toFixed(2),
  }));
  results.table(`CPU time per span, ${workload}`, rows);
  results.goal(`the doctor's rules, ${workload}, above off`, on, [MOST, "µs"]);
  if (failures > 0 || total === 0)
    results.fault(`the rules saw ${total} spans and failed ${failures} times`);
}
results.end(options);
process.exit();
