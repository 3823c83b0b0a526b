import { rmSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { errorsOf, startIngestServer, transactionsOf } from "../../src/testing/testing.js";
import { installApplication } from "./application.js";
import type { Application, ProgramEnd } from "./application.js";
import {
  bundleFile,
  withEsbuild,
  withHoistingRollup,
  withRolldown,
  withRollup,
  withWebpack,
} from "./bundlers.js";
import type { Bundler, BundleShape } from "./bundlers.js";

const PROGRAM = `
  import { context, trace } from "@opentelemetry/api";
  import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
  import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
  import { SentrySpanProcessor, captureException, createClient, flush, isOptionsError, setUser } from "otel-sentry-bridge";

  class PaymentError extends Error {}

  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const processor = new SentrySpanProcessor({
    dsn: process.env.DSN,
    transport: { thread: process.env.THREAD === "1" },
  });
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));

  function pay() {
    throw new PaymentError("refused");
  }

  trace.getTracer("shop").startActiveSpan("checkout", (span) => {
    setUser({ id: "anna" });
    try {
      pay();
    } catch (error) {
      captureException(error);
    }
    span.end();
  });

  function isRefused() {
    try {
      createClient({ dsn: "nonsense" });
    } catch (error) {
      return isOptionsError(error);
    }
  }

  flush(10_000).then((isFlushed) => console.log(isFlushed, isRefused()));
`;

let app: Application;

beforeAll(() => {
  app = installApplication(
    ["@opentelemetry/api", "@opentelemetry/context-async-hooks", "@opentelemetry/sdk-trace-base"],
    "published",
  );
  app.write("package.json", JSON.stringify({ type: "module" }));
  app.write("app.js", PROGRAM);
});
afterAll(async () => {
  app.remove();
  for (const { remove } of await Promise.all(bundles.values())) remove();
});

interface Bundle {
  readonly run: (env: Readonly<Record<string, string>>) => Promise<ProgramEnd>;
  readonly warnings: readonly string[];
  readonly remove: () => void;
}

// Two claims need each bundle of one file.
const bundles = new Map<string, Promise<Bundle>>();

/** Bundles the application, once for each title. */
function bundled(title: string, bundler: Bundler, shape: BundleShape): Promise<Bundle> {
  const made = bundles.get(title) ?? bundle(bundler, shape);
  bundles.set(title, made);
  return made;
}

/** Bundles the application into a directory where nothing is installed. */
async function bundle(bundler: Bundler, shape: BundleShape): Promise<Bundle> {
  const target = installApplication([]);
  rmSync(join(target.directory, "node_modules"), { recursive: true });
  const warnings = await bundler({
    ...shape,
    entry: join(app.directory, "app.js"),
    outputDirectory: target.directory,
  });
  return {
    run: (env) => target.node([bundleFile(shape)], env),
    warnings,
    remove: () => target.remove(),
  };
}

const BUNDLES: readonly (readonly [name: string, bundler: Bundler, shape: BundleShape])[] = [
  ["esbuild", withEsbuild(), { format: "esm", isSplit: false }],
  ["esbuild", withEsbuild(), { format: "esm", isSplit: true }],
  ["esbuild", withEsbuild(), { format: "cjs", isSplit: false }],
  ["webpack", withWebpack, { format: "esm", isSplit: true }],
  ["webpack", withWebpack, { format: "cjs", isSplit: false }],
  ["rollup", withRollup, { format: "esm", isSplit: true }],
  ["rollup", withRollup, { format: "cjs", isSplit: false }],
  ["rollup, without strict requires", withHoistingRollup, { format: "esm", isSplit: false }],
  ["rolldown", withRolldown, { format: "esm", isSplit: false }],
  ["rolldown", withRolldown, { format: "esm", isSplit: true }],
  ["rolldown", withRolldown, { format: "cjs", isSplit: false }],
];

const titled = BUNDLES.map(([name, bundler, shape]) => {
  const layout = shape.isSplit ? "code-split" : "one file";
  return [`${name}, ${shape.format}, ${layout}`, bundler, shape] as const;
});

describe("an application that is bundled with the package", { timeout: 120_000 }, () => {
  it.each(titled)("sends its transaction and its error: %s", async (...layout) => {
    const server = await startIngestServer();
    try {
      const { run, warnings } = await bundled(...layout);
      const end = await run({ DSN: server.dsn });

      expect(end).toEqual({ exitCode: 0, stdout: "true true\n", stderr: "" });
      expect(warnings).toEqual([]);
      expect(
        transactionsOf(server.envelopes).map(({ transaction, user }) => [transaction, user]),
      ).toEqual([["checkout", { id: "anna" }]]);
      const errors = errorsOf(server.envelopes);
      expect(errors.map(({ user }) => user)).toEqual([{ id: "anna" }]);
      const thrown = errors[0]?.exception?.values.at(-1);
      expect([thrown?.type, thrown?.value]).toEqual(["PaymentError", "refused"]);
      const frames = thrown?.stacktrace?.frames ?? [];
      expect(frames.at(-1)).toMatchObject({ function: "pay", in_app: true });
      expect(server.refusals).toEqual([]);
    } finally {
      await server.close();
    }
  });

  it.each(titled.filter(([, , { isSplit }]) => !isSplit))(
    "sends from the application's thread where the bundle lacks the file of the sender thread, and says so: %s",
    async (...layout) => {
      const server = await startIngestServer();
      try {
        const { run } = await bundled(...layout);
        const end = await run({ DSN: server.dsn, THREAD: "1" });

        expect(end).toMatchObject({ exitCode: 0, stdout: "true true\n" });
        expect(end.stderr).toMatch(
          /^[^\n]*the sender thread could not be started: its file was not found[^\n]*--external:otel-sentry-bridge[^\n]*\n$/,
        );
        expect(transactionsOf(server.envelopes)).toHaveLength(1);
        expect(errorsOf(server.envelopes)).toHaveLength(1);
      } finally {
        await server.close();
      }
    },
  );

  it("shares client and units of work with the package outside, which the set-up uses", async () => {
    app.write("set-up.mjs", SET_UP);
    app.write("work.js", WORK);
    const server = await startIngestServer();
    try {
      const shape = { format: "esm", isSplit: false } as const;
      await withEsbuild()({
        ...shape,
        entry: join(app.directory, "work.js"),
        outputDirectory: join(app.directory, "out"),
      });
      const end = await app.node(["--import", "./set-up.mjs", "out/app.mjs"], { DSN: server.dsn });

      expect(end).toEqual({ exitCode: 0, stdout: "true\n", stderr: "" });
      const events = [...transactionsOf(server.envelopes), ...errorsOf(server.envelopes)];
      expect(events.map(({ user }) => user)).toEqual([{ id: "anna" }, { id: "anna" }]);
    } finally {
      await server.close();
    }
  });
});

const SET_UP = `
  import { context, trace } from "@opentelemetry/api";
  import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
  import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
  import { SentrySpanProcessor } from "otel-sentry-bridge";

  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const processor = new SentrySpanProcessor({ dsn: process.env.DSN });
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
`;

const WORK = `
  import { trace } from "@opentelemetry/api";
  import { captureException, flush, setUser } from "otel-sentry-bridge";

  trace.getTracer("shop").startActiveSpan("checkout", (span) => {
    setUser({ id: "anna" });
    captureException(new Error("refused"));
    span.end();
  });
  console.log(await flush(10_000));
`;
