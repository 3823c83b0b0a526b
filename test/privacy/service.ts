import { once } from "node:events";
import type * as NodeHttp from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";

import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { onTestFinished } from "vitest";

import { SentryPropagator, SentrySpanProcessor, createClient, setClient } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { startIngestServer } from "../../src/testing/testing.js";

type Http = typeof NodeHttp;

// Not an import: only modules that are required after the instrumentation was created are instrumented.
const load = createRequire(import.meta.url);

/** Headers that operators of real services record, with secrets and personal data. */
const RECORDED = [
  "authorization",
  "cookie",
  "x-api-key",
  "x-forwarded-for",
  "x-request-id",
  "referer",
];

// One for all tests of a process: a module that was required once is not instrumented again.
const instrumentation = new HttpInstrumentation({
  // The ingest server runs in the same process.
  ignoreIncomingRequestHook: ({ url }) => url?.startsWith("/api/") === true,
  // The instrumentation's own list of query parameters is emptied, so that only ours applies.
  redactedQueryParams: [],
  redactedQueryParamsServer: [],
  headersToSpanAttributes: {
    server: { requestHeaders: RECORDED, responseHeaders: ["set-cookie"] },
    client: { requestHeaders: RECORDED, responseHeaders: ["set-cookie"] },
  },
});

/** A typical service, and the ingest server that receives its telemetry. */
export interface Service {
  readonly ingest: IngestServer;
  readonly http: Http;
  /** `http://` with host and port. */
  readonly origin: string;
  /** Resolves when all telemetry has been sent. */
  readonly flush: () => Promise<void>;
}

/** The response to a request. */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  service: Pick<Service, "http" | "origin">,
) => Promise<void> | void;

/** Starts the service with the stock HTTP instrumentation and the bridge; ended with the test. */
export async function startService(
  handler: Handler,
  options: ClientOptions = {},
): Promise<Service> {
  const ingest = await startIngestServer();
  setClient(undefined);
  const client = createClient({ dsn: ingest.dsn, ...options });
  const provider = new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor(client)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  propagation.setGlobalPropagator(new SentryPropagator());
  instrumentation.setTracerProvider(provider);
  const http = load("node:http") as Http;
  const answered: Promise<unknown>[] = [];
  const server = http.createServer((request, response) => {
    // The span of a request ends after its response was read.
    answered.push(once(response, "close"));
    void handler(request, response, { http, origin });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await provider.shutdown();
    await client.close();
    await ingest.close();
    setClient(undefined);
    for (const api of [trace, context, propagation]) api.disable();
  });
  const flush = async (): Promise<void> => {
    await Promise.all(answered);
    await client.flush();
  };
  return { ingest, http, origin, flush };
}

/** Options of a request. */
export interface Call {
  readonly http: Http;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends a request and reads the whole response; resolves with the status, or 0 if there was none. */
export function call({ http, url, headers }: Call): Promise<number> {
  return new Promise((resolve) => {
    const request = http.get(url, { headers, agent: false }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", () => resolve(0));
  });
}
