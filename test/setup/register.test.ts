import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import {
  IMPORT,
  OK,
  REQUIRE,
  SDK_BASE,
  receivedBy,
  tracedApplication,
} from "./traced-application.js";

let server: IngestServer;

beforeAll(async () => (server = await startIngestServer()));
beforeEach(() => server.clear());
afterAll(() => server.close());

describe("an application without OpenTelemetry of its own", { timeout: 60_000 }, () => {
  it.each([
    [IMPORT, "app.mjs"],
    [IMPORT, "app.cjs"],
    [REQUIRE, "app.mjs"],
    [REQUIRE, "app.cjs"],
  ])("sends its transaction when Node is given %j %s", async (flags, file) => {
    const app = tracedApplication();

    expect(await app.node([...flags, file], { SENTRY_DSN: server.dsn })).toEqual(OK);

    expect(receivedBy(server)).toEqual([["parent", "child"]]);
  });

  it("does so with `sdk-trace`, which the SDK 3.x is, too", async () => {
    const app = tracedApplication(SDK_BASE.map((name) => name.replace("-base", "")));

    expect(await app.node([...IMPORT, "app.mjs"], { SENTRY_DSN: server.dsn })).toEqual(OK);

    expect(receivedBy(server)).toEqual([["parent", "child"]]);
  });

  it("names its service and release by OpenTelemetry's variables", async () => {
    const app = tracedApplication();
    const env = { OTEL_SERVICE_NAME: "shop", OTEL_RESOURCE_ATTRIBUTES: "service.version=1.2.3" };

    await app.node([...IMPORT, "app.mjs"], { SENTRY_DSN: server.dsn, ...env });

    const [transaction] = server.transactions();
    expect(transaction?.release).toBe("1.2.3");
    expect(transaction?.contexts["otel"]?.["resource"]).toMatchObject({ "service.name": "shop" });
  });

  it("continues a trace that comes by `sentry-trace`", async () => {
    const app = tracedApplication();
    const traceId = "0123456789abcdef0123456789abcdef";
    app.write(
      "extract.mjs",
      `import { ROOT_CONTEXT, propagation, trace } from "@opentelemetry/api";
       const parent = propagation.extract(ROOT_CONTEXT, { "sentry-trace": "${traceId}-0123456789abcdef-1" });
       trace.getTracer("app").startSpan("work", { kind: 1 }, parent).end();`,
    );

    await app.node([...IMPORT, "extract.mjs"], { SENTRY_DSN: server.dsn });

    expect(server.transactions()[0]?.contexts.trace?.trace_id).toBe(traceId);
  });

  it("sends each transaction once when `register` is named twice", async () => {
    const app = tracedApplication();

    expect(await app.node([...REQUIRE, ...IMPORT, "app.mjs"], { SENTRY_DSN: server.dsn })).toEqual(
      OK,
    );

    expect(receivedBy(server)).toEqual([["parent", "child"]]);
  });

  it("sends what it has when it comes to its end, also while a span is open", async () => {
    const app = tracedApplication();
    app.write(
      "open.mjs",
      `import { context, trace } from "@opentelemetry/api";
       const tracer = trace.getTracer("app");
       const parent = tracer.startSpan("parent");
       tracer.startSpan("never ends", {}, trace.setSpan(context.active(), parent));
       parent.end();`,
    );

    await app.node([...IMPORT, "open.mjs"], { SENTRY_DSN: server.dsn });

    expect(receivedBy(server)).toEqual([["parent"]]);
  });

  it("is left alone when `OTEL_SDK_DISABLED` says so", async () => {
    const app = tracedApplication();

    expect(
      await app.node([...IMPORT, "app.mjs"], { SENTRY_DSN: server.dsn, OTEL_SDK_DISABLED: "true" }),
    ).toEqual(OK);

    expect(server.requests).toBe(0);
  });
});

describe("an application that cannot be traced", { timeout: 60_000 }, () => {
  it("runs on without an SDK, and is told what to install", async () => {
    const app = tracedApplication(["@opentelemetry/api"]);

    const end = await app.node([...IMPORT, "app.mjs"], { SENTRY_DSN: server.dsn });

    expect(end).toMatchObject({ exitCode: 0, stdout: "done\n" });
    expect(end.stderr).toMatch(
      /^otel-sentry-bridge: nothing is traced: no tracing SDK is installed\. Install .*\n$/,
    );
  });

  it("has spans without parents when the context manager is not installed, and is told", async () => {
    const app = tracedApplication(SDK_BASE.filter((name) => !name.includes("async-hooks")));

    const end = await app.node([...IMPORT, "app.mjs"], { SENTRY_DSN: server.dsn });

    expect(end).toMatchObject({ exitCode: 0, stdout: "done\n" });
    expect(end.stderr).toMatch(
      /^otel-sentry-bridge: `@opentelemetry\/context-async-hooks` is not installed, .*\n$/,
    );
    expect(new Set(receivedBy(server).flat())).toEqual(new Set(["child", "parent"]));
    expect(receivedBy(server)).toHaveLength(2);
  });

  it("runs on with a malformed DSN, and is told", async () => {
    const app = tracedApplication();

    const end = await app.node([...IMPORT, "app.mjs"], { SENTRY_DSN: "nonsense" });

    expect(end).toMatchObject({ exitCode: 0, stdout: "done\n" });
    expect(end.stderr).toMatch(
      /^otel-sentry-bridge: `register` failed, .*`dsn` must look like .*\n$/,
    );
  });

  it("is told when another version of the API came first", async () => {
    const app = tracedApplication();
    app.write(
      "first.mjs",
      `globalThis[Symbol.for("opentelemetry.js.api.1")] = { version: "1.0.0" };`,
    );

    const end = await app.node(["--import", "./first.mjs", ...IMPORT, "app.mjs"], {
      SENTRY_DSN: server.dsn,
    });

    expect(end).toMatchObject({ exitCode: 0, stdout: "done\n" });
    expect(end.stderr).toMatch(
      /^otel-sentry-bridge: two copies of @opentelemetry\/api are loaded: 1\.0\.0 registered .*\n$/,
    );
  });
});

describe("an application that has set OpenTelemetry up before", { timeout: 60_000 }, () => {
  it("is joined: its own processors and Sentry get the spans", async () => {
    const app = tracedApplication([...SDK_BASE, "@opentelemetry/sdk-node"]);
    app.write(
      "own.mjs",
      `import { NodeSDK } from "@opentelemetry/sdk-node";
       const own = {
         onStart() {},
         onEnd: (span) => console.log("own " + span.name),
         forceFlush: async () => {},
         shutdown: async () => {},
       };
       new NodeSDK({ spanProcessors: [own] }).start();`,
    );
    const env = {
      SENTRY_DSN: server.dsn,
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
    };

    const end = await app.node(["--import", "./own.mjs", ...IMPORT, "app.mjs"], env);

    expect(end).toEqual({ exitCode: 0, stdout: "own child\nown parent\ndone\n", stderr: "" });
    expect(receivedBy(server)).toEqual([["parent", "child"]]);
  });

  it("is told when its provider cannot be joined", async () => {
    const app = tracedApplication();
    app.write(
      "own.mjs",
      `import { trace } from "@opentelemetry/api";
       trace.setGlobalTracerProvider({ getTracer: () => trace.wrapSpanContext });`,
    );
    app.write("app.mjs", `console.log("done");`);

    const end = await app.node(["--import", "./own.mjs", ...IMPORT, "app.mjs"], {
      SENTRY_DSN: server.dsn,
    });

    expect(end).toMatchObject({ exitCode: 0, stdout: "done\n" });
    expect(end.stderr).toContain("nothing is traced: the registered tracer provider is not one of");
  });

  it("is left alone when it has a client already", async () => {
    const app = tracedApplication();
    app.write("own.mjs", `import { createClient } from "otel-sentry-bridge"; createClient();`);

    const end = await app.node(["--import", "./own.mjs", ...IMPORT, "app.mjs"], {
      SENTRY_DSN: server.dsn,
    });

    expect(end.stderr).toBe(
      "otel-sentry-bridge: `register` does nothing, because the application has already created a client. Remove either `--import otel-sentry-bridge/register` or the application's own set-up\n",
    );
    expect(server.requests).toBe(0);
  });
});
