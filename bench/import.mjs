// Time of a cold import of the package against that of `@opentelemetry/api`, and of an import with the first request: each
// is a process of its own, and they take turns. node bench/import.mjs [--rounds N] [--json FILE]
import { execFileSync } from "node:child_process";

import { median } from "./harness/by-turns.mjs";
import { Results, benchOptions } from "./harness/results.mjs";

const options = benchOptions({ rounds: { type: "string", default: "15" } });

const REQUEST = `
  const { BasicTracerProvider } = await import("@opentelemetry/sdk-trace-base");
  const { SentrySpanProcessor } = await import("otel-sentry-bridge");
  const processor = new SentrySpanProcessor({ dsn: "http://key@127.0.0.1:9/1", silent: true });
  const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench");
  tracer.startSpan("GET /", { kind: 1 }).end();`;
const SDK = `
  const { BasicTracerProvider } = await import("@opentelemetry/sdk-trace-base");
  const processor = { onStart() {}, onEnd() {}, forceFlush() {}, shutdown() {} };
  const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench");
  tracer.startSpan("GET /", { kind: 1 }).end();`;
const CASES = {
  "import of @opentelemetry/api": ["module", `await import("@opentelemetry/api");`],
  "import of otel-sentry-bridge": ["module", `await import("otel-sentry-bridge");`],
  "require of @opentelemetry/api": ["commonjs", `require("@opentelemetry/api");`],
  "require of otel-sentry-bridge": ["commonjs", `require("otel-sentry-bridge");`],
  "first span, SDK alone": ["module", SDK],
  "first span, with the processor": ["module", REQUEST],
};

function measure([type, work]) {
  const program = `
    const cpu = process.cpuUsage(), start = performance.now();
    ${work}
    const wall = performance.now() - start, { user, system } = process.cpuUsage(cpu);
    process.stdout.write(JSON.stringify({ wall, cpu: (user + system) / 1000 }), () => process.exit());`;
  const args = [`--input-type=${type}`, "--eval", program];
  const cwd = new URL("..", import.meta.url);
  return JSON.parse(execFileSync(process.execPath, args, { cwd, encoding: "utf8" }));
}

const measured = Object.fromEntries(Object.keys(CASES).map((name) => [name, []]));
for (let round = 0; round < Number(options.rounds); round++)
  for (const [name, program] of Object.entries(CASES)) measured[name].push(measure(program));

const of = (name, clock) => median(measured[name].map((one) => one[clock]));
const results = new Results("import");
results.table(
  "Cold start",
  Object.keys(CASES).map((name) => ({
    case: name,
    "wall clock, ms": of(name, "wall").toFixed(1),
    "CPU, ms": of(name, "cpu").toFixed(1),
  })),
);
// The goal is reached by either of two figures.
const [ours, api] = ["otel-sentry-bridge", "@opentelemetry/api"].map((name) => `import of ${name}`);
const isWithinRatio = of(ours, "cpu") <= 1.8 * of(api, "cpu");
const above = of(ours, "cpu") - of(api, "cpu");
results.goal(
  "import of otel-sentry-bridge above @opentelemetry/api (or at most 1.8 times as long)",
  isWithinRatio ? Math.min(above, 25) : above,
  [25, "ms of CPU"],
);
results.end(options);
