import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { IMPORT, OK, SDK_BASE, receivedBy, tracedApplication } from "./traced-application.js";

let server: IngestServer;

beforeAll(async () => (server = await startIngestServer()));
beforeEach(() => server.clear());
afterAll(() => server.close());

describe("an OTLP endpoint in the environment", { timeout: 60_000 }, () => {
  const bodies: string[] = [];
  let collector: Server;
  let endpoint: string;

  beforeAll(async () => {
    collector = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        bodies.push(`${request.url ?? ""} ${body}`);
        response.end("{}");
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
    endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  });
  beforeEach(() => (bodies.length = 0));
  afterAll(() => {
    collector.closeAllConnections();
    collector.close();
  });

  it.each(["@opentelemetry/sdk-trace-base", "@opentelemetry/sdk-trace"])(
    "gets the spans that Sentry gets, with %s",
    async (sdk) => {
      const others = SDK_BASE.filter((name) => !name.includes("sdk-trace"));
      const app = tracedApplication([...others, sdk, "@opentelemetry/exporter-trace-otlp-http"]);
      const env = { SENTRY_DSN: server.dsn, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };

      expect(await app.node([...IMPORT, "app.mjs"], env)).toEqual(OK);

      expect(receivedBy(server)).toEqual([["parent", "child"]]);
      expect(bodies).toHaveLength(1);
      expect(bodies[0]).toMatch(/^\/v1\/traces .*"name":"child".*"name":"parent"/);
    },
  );

  it("gets none when `OTEL_TRACES_EXPORTER` is none", async () => {
    const app = tracedApplication([...SDK_BASE, "@opentelemetry/exporter-trace-otlp-http"]);
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: "none" };

    expect(await app.node([...IMPORT, "app.mjs"], { SENTRY_DSN: server.dsn, ...env })).toEqual(OK);

    expect(receivedBy(server)).toEqual([["parent", "child"]]);
    expect(bodies).toEqual([]);
  });

  it("is missed when the exporter is not installed, and Sentry gets the spans", async () => {
    const app = tracedApplication();

    const end = await app.node([...IMPORT, "app.mjs"], {
      SENTRY_DSN: server.dsn,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    });

    expect(end.stderr).toMatch(/^otel-sentry-bridge: spans are exported to Sentry only: .*\n$/);
    expect(receivedBy(server)).toEqual([["parent", "child"]]);
  });
});
