import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { SDK_BASE } from "./traced-application.js";
import { faultyApplication, run, runInTurn } from "./faulty-application.js";
import type { Printed } from "./faulty-application.js";

const NODE_SDK = [...SDK_BASE, "@opentelemetry/sdk-node"];
const NOTHING = { stdout: "", stderr: "" };
const QUIET_SDK = { OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };

let server: IngestServer;
let other: IngestServer;

beforeAll(async () => {
  [server, other] = await Promise.all([startIngestServer(), startIngestServer()]);
});
beforeEach(() => server.clear());
afterAll(() => Promise.all([server.close(), other.close()]));

const SDK = `
  import { NodeSDK } from "@opentelemetry/sdk-node";
  const sdk = new NodeSDK({
    spanProcessors: [new bridge.SentrySpanProcessor(options)],
    textMapPropagator: new bridge.SentryPropagator(),
  });
  sdk.start();`;

interface Program {
  readonly program: string;
  readonly dependencies?: readonly string[];
  /** Its processors have not been used when its process ends, and so depend on what is registered then: it has one of its own. */
  readonly isUnused?: boolean;
}

const PROGRAMS: Record<string, Program> = {
  "NodeSDK with traffic": { dependencies: NODE_SDK, program: `${SDK} traffic();` },
  "NodeSDK without traffic": { dependencies: NODE_SDK, program: SDK, isUnused: true },
  "NodeSDK that is shut down": {
    dependencies: NODE_SDK,
    program: `${SDK} traffic(); bridge.captureException(new Error("one")); await sdk.shutdown();`,
  },
  "a provider of its own with traffic": {
    program: `setUp(new bridge.SentrySpanProcessor(options)); traffic(); bridge.logger.info("one");`,
  },
  "a provider of its own without traffic": {
    isUnused: true,
    program: `setUp(new bridge.SentrySpanProcessor(options)); bridge.logger.info("one"); await bridge.flush();`,
  },
  "a provider of its own that is shut down": {
    program: `const provider = setUp(new bridge.SentrySpanProcessor(options)); await provider.shutdown();`,
  },
  "a provider that is not registered": {
    program: `
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      const provider = new BasicTracerProvider({ spanProcessors: [new bridge.SentrySpanProcessor(options)] });
      provider.getTracer("app").startSpan("one").end();
      await provider.shutdown();`,
  },
  "a provider that is not registered, without traffic": {
    program: `
      const provider = new BasicTracerProvider({ spanProcessors: [new bridge.SentrySpanProcessor(options)] });
      await provider.shutdown();`,
  },
  "a provider that is not registered, and has nothing to do": {
    isUnused: true,
    program: `
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      new BasicTracerProvider({ spanProcessors: [new bridge.SentrySpanProcessor(options)] });`,
  },
  "a processor inside of another one": {
    isUnused: true,
    program: `
      class Filter {
        constructor(inner) { this.inner = inner; }
        onStart(span, parent) { this.inner.onStart(span, parent); }
        onEnd(span) { this.inner.onEnd(span); }
        forceFlush() { return this.inner.forceFlush(); }
        shutdown() { return this.inner.shutdown(); }
      }
      setUp(new Filter(new bridge.SentrySpanProcessor(options)));`,
  },
  "a processor that is attached": {
    isUnused: true,
    program: `setUp(); bridge.attachToGlobalProvider(new bridge.SentrySpanProcessor(options));`,
  },
  "one processor that is registered twice": {
    program: `
      const processor = new bridge.SentrySpanProcessor(options);
      setUp(processor, processor);
      traffic();`,
  },
  "processors of two DSNs": {
    program: `
      const dsn = process.env.OTHER_DSN;
      setUp(new bridge.SentrySpanProcessor(options), new bridge.SentrySpanProcessor({ ...options, dsn }));
      traffic();`,
  },
  "two providers on one DSN": {
    program: `
      setUp(new bridge.SentrySpanProcessor(options));
      const other = new BasicTracerProvider({ spanProcessors: [new bridge.SentrySpanProcessor(options)] });
      traffic();
      other.getTracer("other").startSpan("one").end();`,
  },
  "an exporter behind a batch processor": {
    isUnused: true,
    program: `
      import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
      setUp(new BatchSpanProcessor(new bridge.SentrySpanExporter(options)));`,
  },
  "a sampler with options of its own": {
    program: `
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      const sampler = new bridge.SentrySampler({ tracesSampleRate: 1 });
      trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors: [new bridge.SentrySpanProcessor(options)] }));
      traffic();
      bridge.captureException(new Error("one"));
      await bridge.flush();
      if (bridge.stats().errors.sent !== 1) throw new Error("the error was not sent");`,
  },
  "a client alone": {
    program: `bridge.createClient(options); bridge.captureException(new Error("one"));`,
  },
  "another propagator": {
    program: `
      setUp(new bridge.SentrySpanProcessor(options));
      propagation.disable();
      traffic();`,
  },
};

const env = (): Record<string, string> => ({ ...QUIET_SDK, OTHER_DSN: other.dsn });
const options = (): Record<string, string> => ({ dsn: server.dsn });

const TOGETHER = Object.values(PROGRAMS).filter(({ isUnused }) => isUnused !== true);
let printedTogether: Promise<readonly Printed[]> | undefined;

function printedBy({ dependencies, program }: Program): Promise<Printed> {
  return run(faultyApplication(dependencies), program, { options: options(), env: env() });
}

describe.each(Object.entries(PROGRAMS))("%s", (_name, program) => {
  it("prints nothing at all", async () => {
    const position = TOGETHER.indexOf(program);
    printedTogether ??= runInTurn(
      TOGETHER.map((each) => ({ program: each.program, options: options() })),
      { dependencies: NODE_SDK, env: env() },
    );
    const printed = position < 0 ? await printedBy(program) : (await printedTogether)[position];
    expect(printed).toEqual(NOTHING);
  });
});

describe("a CommonJS application", () => {
  it("prints nothing at all", async () => {
    const app = faultyApplication();
    app.write(
      "app.cjs",
      `const { context, propagation, trace } = require("@opentelemetry/api");
       const { AsyncLocalStorageContextManager } = require("@opentelemetry/context-async-hooks");
       const { BasicTracerProvider } = require("@opentelemetry/sdk-trace-base");
       const { SentryPropagator, SentrySpanProcessor } = require("otel-sentry-bridge");
       context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
       propagation.setGlobalPropagator(new SentryPropagator());
       trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor()] }));
       trace.getTracer("app").startSpan("one").end();`,
    );
    const end = await app.node(["app.cjs"], { SENTRY_DSN: server.dsn });
    expect(end).toEqual({ exitCode: 0, ...NOTHING });
    expect(server.transactions()).toHaveLength(1);
  });
});

describe("a process whose standard error is closed", () => {
  it("ends as it would have, also where there is a fault to print", async () => {
    const app = faultyApplication();
    app.write(
      "closed.mjs",
      `import { spawn } from "node:child_process";
       const child = spawn(process.execPath, ["-e", \`
         process.stdin.once("data", () => {
           require("otel-sentry-bridge").captureException(new Error("one"));
           setTimeout(() => process.exit(7), 100);
         });\`], { stdio: ["pipe", "inherit", "pipe"] });
       child.stderr.destroy();
       child.stdin.write("go");
       child.on("exit", (code) => console.log(code));`,
    );
    expect(await app.node(["closed.mjs"])).toEqual({ exitCode: 0, stdout: "7\n", stderr: "" });
  });
});
