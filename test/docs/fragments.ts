import type { BlockName } from "./pages.js";

/** A code block that is no program by itself: what a reader writes around it, and what that leads to. */
export interface Fragment extends BlockName {
  /** Section of `docs/set-up.md` whose file is loaded before. */
  readonly setUp?: "NodeSDK" | "A provider of your own";
  /** What the reader's own code has, on one line; exports of the package that the block uses are imported by themselves. */
  readonly before?: string;
  readonly after?: string;
  /** A comment of the block, and what the reader writes in its place. */
  readonly fill?: { readonly comment: string; readonly code: string };
  /** Files beside it; `null` stands for the fragment of that file name on the same page. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** Lines of the package on standard error, up to their first comma; default: none. */
  readonly complains?: readonly string[];
  /** What arrives at the server, and what is printed, as `arrivalLines` writes it. */
  readonly leadsTo: readonly string[];
}

const API = `import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api"; const tracer = trace.getTracer("reader");`;
const BRIDGE = `import * as bridge from "otel-sentry-bridge";`;
const REQUIRE = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;
const CLIENT = `bridge.setClient(bridge.createClient({ dsn: process.env.SENTRY_DSN }));`;
const PROVIDER = `trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new bridge.SentrySpanProcessor()] }));`;
const SDK_BASE = `import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";`;
const CONTEXTS = `import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"; context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());`;

const IN_REQUEST = `tracer.startActiveSpan("GET /account", { kind: SpanKind.SERVER }, (request) => {`;
const REQUEST_ENDS = `request.end(); });`;

const EXPRESS = `import express from "express"; const app = express();`;

const TEXT = `(await response.text()).replace(/[0-9a-f]{16,}/g, "<id>")`;

interface Requested {
  readonly path: string;
  /** Starts a server that calls `ready`. */
  readonly listen?: string;
  readonly prints?: string;
}

/** Starts a server, requests a path, prints something of the response, and stops the server. */
function requested({ path, listen = "app.listen(0, ready)", prints = TEXT }: Requested): string {
  return `const server = ${listen};
    async function ready() {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      const response = await fetch("http://127.0.0.1:" + port + "${path}");
      console.log(${prints});
      server.close();
      server.closeAllConnections();
    }`;
}

const HTTP = `import { HttpInstrumentation } from "@opentelemetry/instrumentation-http"; ${REQUIRE}`;
const PLAIN_SERVER = `require("node:http").createServer((request, response) => response.end("done")).listen(0, ready)`;

/** Every code block that is not a program: those are run by tests of their own. */
export const FRAGMENTS: readonly Fragment[] = [
  {
    page: "README.md",
    begin: 'import { captureException, setTag, setUser } from "otel-sentry-bridge";',
    setUp: "A provider of your own",
    before: `${API} const account = { id: "ada", plan: "pro", isFrozen: true }; ${IN_REQUEST}`,
    after: REQUEST_ENDS,
    leadsTo: [
      "error Error: the account is frozen, in GET /account, user id=ada, tags plan=pro",
      "transaction GET /account, user id=ada, tags plan=pro",
    ],
  },
  {
    page: "README.md",
    begin: 'import { context } from "@opentelemetry/api";',
    setUp: "A provider of your own",
    before: `${BRIDGE} const job = { user: "ada" }; async function handle(job) { bridge.setUser({ id: job.user }); bridge.captureMessage("handled"); }`,
    after: `bridge.captureMessage("outside");`,
    leadsTo: ["error handled, user id=ada", "error outside"],
  },
  {
    page: "docs/set-up.md",
    begin: 'import { context } from "@opentelemetry/api";',
    setUp: "A provider of your own",
    before: `import { EventEmitter } from "node:events"; ${BRIDGE} const socket = new EventEmitter(); function handle(user) { bridge.captureMessage("before " + user); bridge.setUser({ id: user }); bridge.captureMessage("of " + user); }`,
    after: `socket.emit("message", "ada"); socket.emit("message", "bob");`,
    leadsTo: [
      "error before ada",
      "error before bob",
      "error of ada, user id=ada",
      "error of bob, user id=bob",
    ],
  },
  {
    page: "docs/set-up.md",
    begin: 'import { ROOT_CONTEXT, trace } from "@opentelemetry/api";',
    before: `${BRIDGE} ${SDK_BASE} ${PROVIDER} const span = trace.getTracer("reader").startSpan("GET /account"); const id = "ada";`,
    after: "span.end();",
    complains: ["otel-sentry-bridge: no context manager is registered"],
    leadsTo: ["transaction GET /account, user id=ada"],
  },
  {
    page: "docs/set-up.md",
    begin: "// build.mjs",
    files: {
      "app.js": `${API} ${CONTEXTS} ${BRIDGE} ${SDK_BASE} ${PROVIDER} tracer.startSpan("bundled").end();`,
    },
    after: `await import(new URL("out/app.mjs", import.meta.url).href);`,
    leadsTo: ["transaction bundled"],
  },
  {
    page: "docs/errors.md",
    begin: "app.use((error, request, response, next) => {\n  capture",
    setUp: "NodeSDK",
    before: `${EXPRESS} app.use(async () => { throw new Error("refused"); });`,
    after: `app.use((error, request, response, next) => response.status(500).send("sorry")); ${requested({ path: "/" })}`,
    leadsTo: ["error Error: refused, in GET /", "prints sorry", "transaction GET /"],
  },
  {
    page: "docs/errors.md",
    begin: "app.use((error, request, response, next) => {\n  const",
    setUp: "NodeSDK",
    before: `${EXPRESS} app.get("/orders/:id", () => { throw new Error("refused"); });`,
    after: requested({ path: "/orders/7" }),
    leadsTo: [
      "error Error: refused, in GET /orders/:id",
      "prints Error <id>",
      "transaction GET /orders/:id",
    ],
  },
  {
    page: "docs/errors.md",
    begin: "// Hono",
    setUp: "A provider of your own",
    before: `import { Hono } from "hono"; const app = new Hono(); app.get("/", () => { throw new Error("refused"); });`,
    after: `console.log((await app.request("/")).status, await (await app.request("/none")).text());`,
    leadsTo: ["error Error: refused", "prints 500 404 Not Found"],
  },
  {
    page: "docs/errors.md",
    begin: "// tRPC",
    setUp: "A provider of your own",
    before: `import { initTRPC } from "@trpc/server"; import { createHTTPHandler } from "@trpc/server/adapters/standalone"; import { createServer } from "node:http"; const t = initTRPC.create(); const router = t.router({ pay: t.procedure.query(() => { throw new Error("refused"); }) });`,
    after: requested({
      path: "/pay",
      listen: "createServer(handler).listen(0, ready)",
      prints: "response.status",
    }),
    leadsTo: ["error Error: refused", "prints 500"],
  },
  {
    page: "docs/errors.md",
    begin: "// GraphQL Yoga",
    setUp: "A provider of your own",
    before: `import { createSchema, createYoga } from "graphql-yoga"; const schema = createSchema({ typeDefs: "type Query { pay: Int }", resolvers: { Query: { pay() { throw new Error("refused"); } } } });`,
    after: `console.log((await yoga.fetch("http://localhost/graphql?query={pay}")).status);`,
    leadsTo: ["error Error: refused", "prints 200"],
  },
  {
    page: "docs/errors.md",
    begin: "beforeSend(event, hint) {",
    before: `${BRIDGE} bridge.setClient(bridge.createClient({`,
    after: `})); bridge.captureException(new RangeError("too far")); bridge.captureException(new Error("refused")); bridge.captureMessage("paid");`,
    leadsTo: [
      "dropped 1 error before_send",
      "error Error: refused, tags length=7",
      "error paid, tags length=4",
    ],
  },
  {
    page: "docs/errors.md",
    begin: "await withMonitor(",
    setUp: "A provider of your own",
    before: `${BRIDGE} async function run() { bridge.setTag("run", "1"); bridge.captureMessage("in the job"); }`,
    after: `bridge.captureMessage("after");`,
    leadsTo: [
      "check-in nightly-report in_progress 0 3 * * *",
      "check-in nightly-report ok 0 3 * * *",
      "error after",
      "error in the job, in nightly-report, tags run=1",
      "transaction nightly-report, tags run=1",
    ],
  },
  {
    page: "docs/errors.md",
    begin: "logger.info(",
    before: `${BRIDGE} ${CLIENT} const orderId = "a1"; const id = "ada"; const count = 2; const plan = "pro";`,
    leadsTo: [
      "log info paid, orderId=a1",
      "log warn user ada has 2 open orders",
      "metric counter orders 1",
      "metric distribution checkout 187millisecond",
    ],
  },
  {
    page: "docs/errors.md",
    begin: "const sdk = new NodeSDK(",
    before: `import { NodeSDK } from "@opentelemetry/sdk-node"; import { logs } from "@opentelemetry/api-logs";`,
    after: `const records = logs.getLogger("pino"); records.emit({ body: "paid", severityText: "info", severityNumber: 9 }); records.emit({ body: "failed", attributes: { "exception.type": "Error", "exception.message": "refused" } });`,
    leadsTo: ["error Error: refused", "log info paid, otel.scope.name=pino"],
  },
  {
    page: "docs/doctor.md",
    begin: "import { diagnose",
    setUp: "NodeSDK",
    after: `console.log(findings.filter(({ severity }) => severity !== "info").map(({ name }) => name).join());`,
    leadsTo: ["prints no-spans"],
  },
  {
    page: "docs/testing.md",
    begin: "import { diagnose",
    before: `${API} ${CONTEXTS} ${SDK_BASE} ${BRIDGE}`,
    fill: {
      comment: "// Run the tests. After all of them:",
      code: `${PROVIDER} tracer.startActiveSpan("GET /", { kind: SpanKind.SERVER }, (span) => span.end());`,
    },
    after: `await bridge.flush(); console.log("held");`,
    leadsTo: ["prints held", "transaction GET /"],
  },
  {
    page: "docs/testing.md",
    begin: 'import { startIngestServer } from "otel-sentry-bridge/testing";',
    before: BRIDGE,
    fill: {
      comment: "// Start the application with SENTRY_DSN=server.dsn, make it fail, then:",
      code: `bridge.setClient(bridge.createClient({ dsn: server.dsn })); bridge.captureException(new Error("refused"));`,
    },
    after: `console.log(server.errors()[0].exception.values[0].value);`,
    leadsTo: ["prints refused"],
  },
  {
    page: "docs/testing.md",
    begin: "const isEnvelope",
    before: `${API} ${CONTEXTS} ${SDK_BASE} ${HTTP}`,
    after: `const { SentrySpanProcessor, flush } = require("otel-sentry-bridge");
      const ingest = await require("otel-sentry-bridge/testing").startIngestServer();
      const processor = new SentrySpanProcessor({ dsn: ingest.dsn });
      trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
      ${requested({
        path: "/orders/7",
        listen: PLAIN_SERVER,
        prints:
          "await flush() && await flush() && ingest.transactions().length + ' of ' + ingest.requests",
      })}
      server.on("close", () => ingest.close());`,
    leadsTo: ["prints 1 of 1"],
  },
  {
    page: "docs/tracing.md",
    begin: "import { continueTrace, getTraceHeaders",
    setUp: "A provider of your own",
    before: `${API} let deliver; const queue = { send: (job) => setImmediate(() => deliver(JSON.parse(JSON.stringify(job)))), receive: (fn) => void (deliver = fn) }; const job = { id: 7 }; function handle(job) { tracer.startSpan("job " + job.id).end(); } ${IN_REQUEST}`,
    after: REQUEST_ENDS,
    leadsTo: ["traces: 1", "transaction GET /account", "transaction job 7"],
  },
  {
    page: "docs/tracing.md",
    begin: "response.send(",
    setUp: "NodeSDK",
    before: `${EXPRESS} app.get("/", (request, response) => {`,
    after: `}); ${requested({ path: "/", prints: `...(await response.text()).match(/<.*?(?= content|>)/g)` })}`,
    leadsTo: [
      'prints <head <meta name="sentry-trace" <meta name="traceparent" <meta name="baggage" </head',
      "transaction GET /",
    ],
  },
  {
    page: "docs/tracing.md",
    begin: 'import { spawn } from "node:child_process";',
    setUp: "A provider of your own",
    files: { "job.mjs": null },
    before: `${API} ${IN_REQUEST}`,
    after: REQUEST_ENDS,
    leadsTo: ["traces: 1", "transaction GET /account", "transaction job", "transaction job"],
  },
  {
    page: "docs/tracing.md",
    begin: "// job.mjs",
    setUp: "A provider of your own",
    before: `${API} function main() { tracer.startSpan("job").end(); }`,
    leadsTo: ["transaction job"],
  },
  {
    page: "docs/tracing.md",
    begin: "new HttpInstrumentation({\n  applyCustom",
    setUp: "A provider of your own",
    before: HTTP,
    after: requested({ path: "/checkout/7", listen: PLAIN_SERVER }),
    leadsTo: ["prints done", "transaction checkout"],
  },
  {
    page: "docs/tracing.md",
    begin: "new HttpInstrumentation({\n  requestHook",
    setUp: "A provider of your own",
    before: HTTP,
    after: requested({ path: "/orders/7", listen: PLAIN_SERVER }),
    leadsTo: ["prints done", "transaction checkout"],
  },
];
