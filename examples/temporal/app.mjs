// app.mjs
import { SpanKind, trace } from "@opentelemetry/api";
import { resources } from "@opentelemetry/sdk-node";
import { Client, Connection } from "@temporalio/client";
import { OpenTelemetryPlugin } from "@temporalio/interceptors-opentelemetry-v2";
import { NativeConnection, Worker } from "@temporalio/worker";
import { setUser, withIsolationScope } from "otel-sentry-bridge";

import * as activities from "./activities.mjs";
import { processor } from "./instrumentation.mjs";

const address = process.env.TEMPORAL_ADDRESS ?? "localhost:7233";
const taskQueue = "orders";
// The spans of workflows end in Temporal's sandbox; the plugin passes them to the processor.
const plugins = [
  new OpenTelemetryPlugin({
    resource: resources.resourceFromAttributes({ "service.name": "orders" }),
    spanProcessor: processor,
  }),
];
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  workflowsPath: new URL("workflows.mjs", import.meta.url).pathname,
  activities,
  plugins,
  taskQueue,
});
const client = new Client({ connection: await Connection.connect({ address }), plugins });
const tracer = trace.getTracer("orders");

// Stands for a request of a service, which ends before the workflow does.
function request(details) {
  return withIsolationScope(() =>
    tracer.startActiveSpan("POST /orders", { kind: SpanKind.SERVER }, async (span) => {
      setUser({ id: details.user });
      const workflowId = `order-${details.user}-${Date.now()}`;
      const order = { args: [details], taskQueue, workflowId };
      const handle = await client.workflow.start("order", order);
      span.end();
      return handle;
    }),
  );
}

await worker.runUntil(async () => {
  for (const details of [
    { user: "ada", total: 12 },
    { user: "bob", total: -1 },
  ]) {
    const handle = await request(details);
    console.log(await handle.result().catch(({ cause }) => cause.cause.message));
  }
});
await client.connection.close();
await worker.options.connection.close();
