import type { BlockName } from "./pages.js";

/** A code block that is no program by itself: what a reader writes around it, and what that leads to. */
export interface Fragment extends BlockName {
  /** Section of `docs/set-up.md` whose file is loaded before. */
  readonly setUp?: "NodeSDK" | "A provider of your own";
  /** True if it leaves something in its process that others would notice: an instrumentation, a listener, a closed client. */
  readonly leavesTraces?: true;
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

export const API = `import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api"; const tracer = trace.getTracer("reader");`;
export const BRIDGE = `import * as bridge from "otel-sentry-bridge";`;
export const REQUIRE = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;
export const CLIENT = `bridge.setClient(bridge.createClient({ dsn: process.env.SENTRY_DSN }));`;
export const PROVIDER = `trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new bridge.SentrySpanProcessor()] }));`;
export const SDK_BASE = `import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";`;
export const CONTEXTS = `import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"; context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());`;

export const IN_REQUEST = `tracer.startActiveSpan("GET /account", { kind: SpanKind.SERVER }, (request) => {`;
export const REQUEST_ENDS = `request.end(); });`;

export const EXPRESS = `import express from "express"; const app = express();`;

export const TEXT = `(await response.text()).replace(/[0-9a-f]{16,}/g, "<id>")`;

interface Requested {
  readonly path: string;
  /** Starts a server that calls `ready`. */
  readonly listen?: string;
  readonly prints?: string;
}

/** Starts a server, requests a path, prints something of the response, and stops the server. */
export function requested({
  path,
  listen = "app.listen(0, ready)",
  prints = TEXT,
}: Requested): string {
  return `const server = ${listen};
    async function ready() {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      const response = await fetch("http://127.0.0.1:" + port + "${path}");
      console.log(${prints});
      server.close();
      server.closeAllConnections();
    }`;
}

export const HTTP = `import { HttpInstrumentation } from "@opentelemetry/instrumentation-http"; ${REQUIRE}`;
export const PLAIN_SERVER = `require("node:http").createServer((request, response) => response.end("done")).listen(0, ready)`;
