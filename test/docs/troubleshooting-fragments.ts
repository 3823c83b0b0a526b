import { API, SDK_BASE, CONTEXTS } from "./fragment-parts.js";
import type { Fragment } from "./fragment-parts.js";

const PAGE = "docs/troubleshooting.md";

/** The programs of the page about troubleshooting: each fault, and its repair. */
export const TROUBLESHOOTING: readonly Fragment[] = [
  {
    page: PAGE,
    begin: "// Fault: one timer",
    setUp: "A provider of your own",
    before: `import { context } from "@opentelemetry/api"; import { forkIsolation } from "otel-sentry-bridge";`,
    after: `for (const user of ["ada", "bob"]) context.with(forkIsolation(), () => signUp(user));`,
    leadsTo: ["error mail to ada, user id=ada", "error mail to bob, user id=ada"],
  },
  {
    page: PAGE,
    begin: "// Repair: each job",
    setUp: "A provider of your own",
    before: `import { context } from "@opentelemetry/api"; import { forkIsolation } from "otel-sentry-bridge";`,
    after: `for (const user of ["ada", "bob"]) context.with(forkIsolation(), () => signUp(user));`,
    leadsTo: ["error mail to ada, user id=ada", "error mail to bob, user id=bob"],
  },
  {
    page: PAGE,
    begin: "// Parallel: both",
    setUp: "A provider of your own",
    before: `${API} let parent; async function load(name) { const { parentSpanContext } = /** @type {any} */ (trace.getActiveSpan()); await new Promise((resolve) => setTimeout(resolve, 5)); console.log(name, parentSpanContext.spanId === parent); } await tracer.startActiveSpan("GET /", async (request) => { parent = request.spanContext().spanId;`,
    after: `request.end(); });`,
    leadsTo: ["prints price true", "prints stock true", "transaction GET /"],
  },
  {
    page: PAGE,
    begin: "// Fault: if `pay`",
    setUp: "A provider of your own",
    leavesTraces: true,
    before: `${API} process.on("unhandledRejection", () => {}); const pay = async () => { throw new Error("refused"); };`,
    leadsTo: [],
  },
  {
    page: PAGE,
    begin: "// Repair: the span ends",
    setUp: "A provider of your own",
    before: `${API} import { SpanStatusCode } from "@opentelemetry/api"; const pay = async () => { throw new Error("refused"); };`,
    leadsTo: ["error Error: refused, in payment", "transaction payment"],
  },
  {
    page: PAGE,
    begin: "// Fault: only the HTTP client",
    setUp: "A provider of your own",
    before: `function pay(request) { throw new Error("refused"); }`,
    after: `handle({}, {});`,
    leadsTo: [],
  },
  {
    page: PAGE,
    begin: "// Repair: the error is captured",
    setUp: "A provider of your own",
    before: `function pay(request) { throw new Error("refused"); }`,
    after: `handle({}, {});`,
    leadsTo: ["error Error: refused"],
  },
  {
    page: PAGE,
    begin: "// Fault: the processor belongs",
    before: API,
    complains: ["otel-sentry-bridge: a SentrySpanProcessor was created"],
    leadsTo: [],
  },
  {
    page: PAGE,
    begin: "// Fault: the process ends",
    setUp: "A provider of your own",
    complains: [
      "otel-sentry-bridge: Lost: 1 error could not be delivered to http://<host>: the process ended before it was sent. Await `close()` before `process.exit()`; with `spool`",
    ],
    leadsTo: [],
  },
  {
    page: PAGE,
    begin: "// Repair: close first",
    setUp: "A provider of your own",
    leavesTraces: true,
    leadsTo: ["error bye"],
  },
  {
    page: PAGE,
    begin: "// Fault: two processors",
    before: `${SDK_BASE} ${API} ${CONTEXTS}`,
    complains: [
      "otel-sentry-bridge: two span processors or exporters send the same spans to one DSN",
    ],
    leadsTo: ["traces: 1", "transaction order", "transaction order"],
  },
];
