/** What stands around a code block of the documentation that is no program by itself. */
export interface Fragment {
  readonly page: string;
  /** How the block begins. */
  readonly begin: string;
  /** Declares, on one line, what the reader's own code has; exports of the package are imported by themselves. */
  readonly before?: string;
  readonly after?: string;
}

const EXPRESS = `import express from "express"; const app: express.Express = express();`;
const HTTP = `import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";`;
const HANDLE = `declare function handle(job: object): Promise<void>;`;

/** Every code block that is not a program: those are run by tests of their own. */
export const FRAGMENTS: readonly Fragment[] = [
  {
    page: "README.md",
    begin: 'import { captureException, setTag, setUser } from "otel-sentry-bridge";',
    before: `declare const account: { id: string; plan: string };`,
  },
  {
    page: "README.md",
    begin: 'import { context } from "@opentelemetry/api";',
    before: `${HANDLE} declare const job: object;`,
  },
  {
    page: "docs/set-up.md",
    begin: 'import { context } from "@opentelemetry/api";',
    before: `${HANDLE} declare const socket: import("node:events").EventEmitter;`,
  },
  {
    page: "docs/set-up.md",
    begin: 'import { ROOT_CONTEXT, trace } from "@opentelemetry/api";',
    before: `declare const span: import("@opentelemetry/api").Span; declare const id: string;`,
  },
  {
    page: "docs/errors.md",
    begin: "app.use((error, request, response, next) => {\n  capture",
    before: EXPRESS,
  },
  {
    page: "docs/errors.md",
    begin: "app.use((error, request, response, next) => {\n  const",
    before: EXPRESS,
  },
  {
    page: "docs/errors.md",
    begin: "// Hono",
    before: [
      `type Hono = { onError(handler: (error: Error & { getResponse?(): Response }, c: { text(body: string, status: number): Response }) => Response): void };`,
      `declare const app: Hono; declare const router: object; declare const schema: object;`,
      `declare function createHTTPHandler(options: { router: object; onError(event: { error: Error }): void }): void;`,
      `declare function createYoga(options: { schema: object; plugins: { onExecute(): { onExecuteDone(done: { result: { errors?: Error[] } }): void } }[] }): void;`,
    ].join(" "),
  },
  {
    page: "docs/errors.md",
    begin: "beforeSend(event, hint) {",
    before: `const options: import("otel-sentry-bridge").ClientOptions = {`,
    after: "};",
  },
  {
    page: "docs/errors.md",
    begin: "await withMonitor(",
    before: `declare function run(): Promise<void>;`,
  },
  {
    page: "docs/errors.md",
    begin: "logger.info(",
    before: `declare const orderId: string; declare const id: string; declare const count: number; declare const plan: string;`,
  },
  {
    page: "docs/errors.md",
    begin: "new NodeSDK(",
    before: `import { NodeSDK } from "@opentelemetry/sdk-node";`,
  },
  {
    page: "docs/testing.md",
    begin: 'import { startIngestServer } from "otel-sentry-bridge/testing";',
  },
  { page: "docs/testing.md", begin: "const isEnvelope", before: HTTP },
  {
    page: "docs/tracing.md",
    begin: "import { continueTrace, getTraceHeaders",
    before: `${HANDLE} type Job = { trace: ReturnType<typeof getTraceHeaders> }; declare const job: object; declare const queue: { send(job: Job): void; receive(fn: (job: Job) => unknown): void };`,
  },
  {
    page: "docs/tracing.md",
    begin: "response.send(",
    before: `declare const response: import("express").Response;`,
  },
  {
    page: "docs/tracing.md",
    begin: "import { continueTraceFromEnvironment",
    before: `import { spawn } from "node:child_process"; import { Worker } from "node:worker_threads"; declare function main(): void;`,
  },
  { page: "docs/tracing.md", begin: "new HttpInstrumentation(", before: HTTP },
];
