import { cpSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "vitest";

import type { Application } from "../package/application.js";
import { filesIn } from "../package/built-package.js";

/** The DSN of a server that is gone. */
export const DEAD = "http://key@127.0.0.1:1/1";

/** A program with a fault, and the line that reports it. */
export interface Fault {
  readonly line: RegExp;
  readonly program: string;
  /** Changes what is installed. */
  readonly prepare?: (application: Application) => void;
  /** It is reported when the process ends, and so needs one of its own. */
  readonly isAtEnd?: boolean;
  /** Default: that of a server that answers. */
  readonly dsn?: string | null;
}

// All in which a copy has its own version: `build/src/version.js` in API 1.9, modules of `dist` in 1.10.
const VERSION_FILE = /(?:build\/src|dist)\/(?:version|internal\/global-utils)\.[cm]?js$/;

// As npm installs it where the application's own range does not allow the version that the package finds.
function installNewerApi({ directory, packageDirectory }: Application): void {
  const copy = join(packageDirectory, "node_modules/@opentelemetry/api");
  cpSync(realpathSync(join(directory, "node_modules/@opentelemetry/api")), copy, {
    recursive: true,
  });
  const versions = filesIn(copy).filter((file) => VERSION_FILE.test(file));
  expect(versions).not.toEqual([]);
  for (const file of versions)
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(/(["'])1\.\d+\.\d+\1/g, '"1.99.0"'));
}

/** Set-up faults by their names. */
export const FAULTS: Record<string, Fault> = {
  "no DSN": {
    dsn: null,
    line: /no DSN is set, so nothing is sent.*SENTRY_DSN.*`dsn: false`/,
    program: `setUp(new bridge.SentrySpanProcessor(options)); traffic(); bridge.captureMessage("lost");`,
  },
  "no DSN, and an exit at once": {
    isAtEnd: true,
    dsn: null,
    line: /no DSN is set/,
    program: `setUp(new bridge.SentrySpanProcessor(options)); traffic(); process.exit(0);`,
  },
  "a blank DSN": {
    dsn: "  ",
    line: /no DSN is set/,
    program: `setUp(new bridge.SentrySpanProcessor(options)); traffic();`,
  },
  "no context manager": {
    line: /no context manager is registered.*setGlobalContextManager/,
    program: `
      trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new bridge.SentrySpanProcessor(options)] }));
      traffic();`,
  },
  "a second copy of the API": {
    prepare: installNewerApi,
    line: /two copies of @opentelemetry\/api are loaded: 1\.\d+\.\d+ registered OpenTelemetry first, and otel-sentry-bridge uses 1\.99\.0.* They are in \S+\/otel-sentry-bridge\/node_modules\/@opentelemetry\/api and \S+\/node_modules\/@opentelemetry\/api\. Install .*npm ls @opentelemetry\/api`$/m,
    program: `setUp(new bridge.SentrySpanProcessor(options)); traffic(); bridge.captureMessage("one");`,
  },
  "a server that is gone to the end of the process": {
    isAtEnd: true,
    dsn: DEAD,
    line: /Lost: 1 error, 2 transactions, and 3 logs could not be delivered to http:\/\/127\.0\.0\.1:1: nothing is listening .*ECONNREFUSED.*Check the DSN/,
    program: `
      setUp(new bridge.SentrySpanProcessor({ ...options, shutdownTimeoutMillis: 300 }));
      traffic();
      bridge.captureException(new Error("lost"));
      for (let log = 0; log < 3; log += 1) bridge.logger.info("lost");`,
  },
  "a server that is gone to the end of the client": {
    dsn: DEAD,
    line: /Lost: 1 check-in could not be delivered to http:\/\/127\.0\.0\.1:1: /,
    program: `
      const provider = setUp(new bridge.SentrySpanProcessor({ ...options, shutdownTimeoutMillis: 300 }));
      bridge.captureCheckIn({ monitorSlug: "job", status: "ok" });
      await provider.shutdown();`,
  },
  "a crontab with a field for seconds": {
    line: /monitor nightly: its check-ins are sent without a schedule, .* its crontab "0 \*\/5 \* \* \* \*" has six fields; Sentry supports five/,
    program: `
      setUp(new bridge.SentrySpanProcessor(options));
      bridge.withMonitor("nightly", traffic, { schedule: { type: "crontab", value: "0 */5 * * * *" } });`,
  },
  "a time zone that there is not": {
    line: /monitor nightly: .* its time zone "Vienna" is unknown\. Use .* "Europe\/Vienna"/,
    program: `
      setUp(new bridge.SentrySpanProcessor(options));
      const schedule = { type: "interval", value: 1, unit: "day" };
      bridge.withMonitor("nightly", traffic, { schedule, timezone: "Vienna" });`,
  },
  "a processor that nobody registered, without any provider": {
    isAtEnd: true,
    line: /a SentrySpanProcessor was created, but no span has reached it: no tracer provider is registered.*spanProcessors: \[processor\]/,
    program: `new bridge.SentrySpanProcessor(options); traffic(); bridge.captureException(new Error("one"));`,
  },
  "a processor of a provider that nobody registered": {
    isAtEnd: true,
    line: /a SentrySpanProcessor was created, but no span has reached it: no tracer provider is registered/,
    program: `
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      new BasicTracerProvider({ spanProcessors: [new bridge.SentrySpanProcessor(options)] });
      traffic();
      bridge.captureException(new Error("one"));`,
  },
  "a processor that nobody registered, with users": {
    isAtEnd: true,
    line: /a SentrySpanProcessor was created, but no span has reached it/,
    program: `new bridge.SentrySpanProcessor(options); traffic(); bridge.setUser({ id: "ada" });`,
  },
  "a processor that nobody registered, beside another one": {
    isAtEnd: true,
    line: /a SentrySpanProcessor was created, but no span has reached it: the registered tracer provider does not have it/,
    program: `
      new bridge.SentrySpanProcessor(options);
      setUp({ onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} });
      traffic();
      await bridge.flush();`,
  },
  "a processor whose client is closed before anybody registered it": {
    line: /a SentrySpanProcessor was created/,
    program: `new bridge.SentrySpanProcessor(options); await bridge.close();`,
  },
  "an exporter that nobody exports to": {
    isAtEnd: true,
    line: /a SentrySpanExporter was created, but no span has reached it: no tracer provider is registered/,
    program: `new bridge.SentrySpanExporter(options); traffic();`,
  },
  "two processors on one DSN": {
    line: /two span processors or exporters send the same spans to one DSN.*arrives twice\. Register one/,
    program: `setUp(new bridge.SentrySpanProcessor(options), new bridge.SentrySpanProcessor(options)); traffic();`,
  },
  "two processors of one client": {
    line: /arrives twice/,
    program: `
      const client = bridge.createClient(options);
      setUp(new bridge.SentrySpanProcessor(client), new bridge.SentrySpanProcessor(client));
      traffic();`,
  },
  "processors of both builds of the package": {
    line: /arrives twice/,
    program: `
      import { createRequire } from "node:module";
      const other = createRequire(import.meta.url)("otel-sentry-bridge");
      setUp(new bridge.SentrySpanProcessor(options), new other.SentrySpanProcessor(options));
      traffic();`,
  },
  "a processor and an exporter on one DSN": {
    line: /arrives twice/,
    program: `
      import { SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
      setUp(new bridge.SentrySpanProcessor(options), new SimpleSpanProcessor(new bridge.SentrySpanExporter(options)));
      traffic();`,
  },
  "a processor, and an exporter that gets its batch at the end": {
    line: /arrives twice/,
    program: `
      import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
      const provider = setUp(new bridge.SentrySpanProcessor(options), new BatchSpanProcessor(new bridge.SentrySpanExporter(options)));
      traffic();
      await provider.shutdown();`,
  },
  "an error after the client was closed": {
    line: /an error or message was captured after the client was closed, and is lost/,
    program: `
      const provider = setUp(new bridge.SentrySpanProcessor(options));
      traffic();
      const client = bridge.getClient();
      await provider.shutdown();
      bridge.setClient(client);
      bridge.logger.info("late");
      bridge.captureException(new Error("late"));
      bridge.captureMessage("late");`,
  },
  "two exporters on one DSN": {
    line: /arrives twice/,
    program: `
      import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
      const provider = setUp(...[1, 2].map(() => new BatchSpanProcessor(new bridge.SentrySpanExporter(options))));
      traffic();
      await provider.shutdown();`,
  },
};
